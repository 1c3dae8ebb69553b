// Package prefetch asks the processor to bring memory into its caches.
//
// The calls never fault, whatever the address is, and they do not wait: a load that
// misses keeps its place in the reorder buffer until the line has come, so that only a
// few fit in there side by side, while a prefetch retires at once. Measured on batches of
// 32 keys out of a million, the second stage of look-ahead by loads was no gain at all
// over plain lookups; by prefetches both stages together halve the time per key.
//
// Where there is no such instruction they are loads: callers pass addresses that they
// have checked to be readable.
package prefetch
