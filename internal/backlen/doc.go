// Package backlen has what two packages need to know of Redis's packed lists, whose elements
// can be read from either end: persistence/rdb writes and reads them, and nodes of
// store/stream end where Redis's would.
//
// # Layout
//
//	│ element n │ n, to be read backwards: 7 bits a byte │
package backlen
