// Package follow is the link of a replica to its primary: it connects, gets a copy of the data or
// goes on where the stream ended, and hands over the calls of the stream, in order. It knows no
// store; what it gets it gives to the server, its House.
//
// # Terms
//
//	primary     the server whose data are copied
//	stream      the bytes that the primary sends to all of its replicas: calls, some of them in units
//	offset      how many bytes of the stream, since the history began, the data here are the result of
//	history     an id for the stream: the same id and offset mean the same data
//	full copy   all data, as a file of RDB, followed by the stream
//	unit        what stands between MULTI and EXEC
//
// # States
//
//	connect ─▶ connecting ─▶ handshake ─▶ sync (full copy) ─▶ connected (stream)
//	   ▲                          └──────── continued ──────────▲ │
//	   └─────────── an error, silence: again, after a rest  ◀────┘
//
//	stopped: the stream has something that cannot be done here. There the link stays until REPLICAOF.
//	A stream that is damaged ends the connection, and the next one begins with a full copy.
//
// # Bytes of the stream
//
//	input.buf   │ applied │ whole calls ... │ a call in part │ free │
//	                       ▲ House.Apply: executed, counted, and passed on unchanged
//
// # Invariants
//
//  1. One goroutine has the link: it reads, and calls the House. Another one writes once a second what
//     keeps the primary from giving the replica up.
//  2. The offset moves over whole calls, and over a unit as one. What was read of a unit that did not
//     end is forgotten with the connection.
//  3. From the first byte of a full copy that replaces data until its end the data are of no history:
//     a link that breaks in between begins with a full copy again. One that is loaded beside the data
//     changes nothing before it is complete.
//  4. After Stop the House is not called any more.
package follow
