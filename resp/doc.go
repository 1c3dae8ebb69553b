// Package resp speaks the Redis serialisation protocol, versions 2 and 3, and knows
// no server: it turns the bytes of a connection into commands, and replies into bytes.
//
// # Terms
//
//	source   where a connection's bytes wait, as a list of contiguous nodes
//	view     a slice that points into the source; nothing was copied
//	straddler an argument whose bytes lie in more than one node; it is copied once
//	batch    up to MaxBatch commands that are parsed, then executed, then given back
//	partial  the state of the one command of a connection that is not complete yet
//	scratch  pooled memory that owns straddlers, decoded inline arguments, big bulks
//	window   contiguous room in a sink that a Writer fills
//
// # Reading
//
//	          Batch.Bytes                partial.at
//	|<-------------------------->|<--------------------->|
//	+---------+---------+--------+-------+-------+-------+- - - - - -
//	| command | command | *0\r\n | *3..  | $3 SET| $9 ke |  not arrived
//	+---------+---------+--------+-------+-------+-------+- - - - - -
//	^ front of the source        ^ first incomplete command
//
// Parse has two speeds. run (fast.go) goes over one node and takes complete, plainly
// written commands: single pass, views only, no state. Whatever it does not like (a
// node border, an unfinished command, an inline command, an odd or bad length) it
// leaves untouched to the partial's state machine (partial.go), which accepts exactly
// what Redis accepts, goes on where it stopped when more bytes arrive, and reports
// errors in Redis's words. After that one command the fast path takes over again.
//
// A bulk of which BigBulkBytes or more are missing gets a destination of its own, and
// the socket may be read straight into it (Parser.Direct). For that the source must be
// empty, so the command's earlier arguments are copied away first; this waits until
// the batch is empty, because the views of a batch need the source as it is.
//
// # Invariants
//
//  1. The result of a Parse sequence depends only on the bytes, never on how they were
//     split into reads or nodes. (Fuzzed: any split against the whole.)
//  2. Between two Parse calls, the front of the source is the front of the batch's
//     first command, or of the partial if the batch is empty; Parse discards only what
//     no view of the batch and no view of the partial needs.
//  3. A view and all scratch of a command live until Batch.Reset; under the invariants
//     tag scratch is then mangled and the argument slots are cleared.
//  4. A header byte is looked at once by the state machine; the bytes of a bulk are
//     never looked at.
//  5. Nothing is allocated on a length's say-so: scratch grows with what has arrived,
//     beyond a first BigBulkFirstBytes.
//  6. Parse, and every Writer method but a Sink's own growth, does not allocate in the
//     steady state.
//
// # Writing
//
// A Writer formats into the window of a Sink and commits it when it is full or at
// Flush. It holds no memory. Which wire form a reply has is decided by its protocol
// version alone:
//
//	            RESP2              RESP3
//	Null        $-1                _
//	NullArray   *-1                _
//	Map n       *2n                %n
//	Set n       *n                 ~n
//	Push n      *n                 >n
//	Attribute n nothing            |n
//	Bool        :1 :0              #t #f
//	Double      bulk               ,1.5
//	BigNumber   bulk               (123
//	Verbatim    bulk               =len txt:...
//
// ReadReply is the client's side, for tests and tools.
package resp
