// Package info makes what the server says of itself: INFO, MEMORY STATS, LATENCY HISTOGRAM,
// HOTKEYS and BIGKEYS, and the state that the window and the metrics show.
//
// Terms
//
//	source   what all of these read; one per server
//	section  a part of INFO: its title, what writes its fields, and what it needs for that
//	crowd    what is told of all clients together
//	gauge    a number of the whole server
//	base     what CONFIG RESETSTAT subtracts from counters that never go back
//	house    those who run calls, as this package sees them
//
// Layout
//
//	rooms (Parts) ─┐
//	House ─────────┼─▶ Source ─▶ sections ─▶ writer ─▶ text, for INFO
//	process ───────┘      │                    └─────▶ note, field by field ─┐
//	                      └─▶ State ◀────────────────────────────────────────┘
//
// Invariants
//
//  1. A field is written in one place, for INFO and the window.
//  2. INFO on a reactor waits for nobody: it is made from what all have shown.
//  3. What is slow to find out (crowd, process, mean times to live) is kept for a moment.
package info
