// Package inbox is how others leave something for a goroutine that is told of it once, however
// much there is: it looks when it comes to it, and takes all.
//
//	Put, Put, Put ─▶ Box ─ MustTell, once ─letter─▶ the reader: Collect
//	                  └──── Take ──────────────────▶ the reader, who happens to look
//
// What waits in several boxes a Room counts, and says when it is too much.
//
// Invariant: between two calls of Collect, MustTell says yes once.
package inbox
