// Package hashslot knows the hash slots of Redis Cluster. The store places keys by them, and nodes of a
// cluster (internal/cluster) agree on whose they are.
//
// # Terms
//
//	slot  one of 16384 classes of keys
//	tag   what stands in a key between its first { and the next }: if it is not empty, it alone decides
//	      the key's slot
//
// A slot is the checksum CRC16/XMODEM of the key, or of its tag, modulo 16384. Tables take it eight bytes
// at a time: each byte's part in the sum is looked up for itself.
package hashslot
