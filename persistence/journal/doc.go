// Package journal is the ordered log of what changes data: commands, and what the server
// deletes by itself, come into it one way, under the locks of what they change, and go out to
// its subscribers. It keeps nothing: a subscriber copies what it wants, framed as it likes.
// The AOF is one (package persistence).
//
// # Terms
//
//	record      what one call changed, or one transaction, or the server by itself: commands
//	unit        a record of several commands, which take effect together or not at all
//	position    how many bytes of records were appended before: the journal's own measure,
//	            in which no subscriber's framing (SELECT, MULTI, annotations) is counted; and one
//	            for each step, which gives a place between two records a position of its own
//	subscriber  who is given every record, in order, from the position on where it came
//	cut         a position at which nothing is under way: what a snapshot shows lies before
//	            it, what it does not show behind it
//
// # From a change to the subscribers
//
//	executor, shard locks held              Journal, its mutex held
//	  change ─ On? ─ record ─ Append ──────▶ End grows ─┬▶ Subscriber.Record: copies
//	             └ no: nothing to pay                   └▶ Subscriber.Record: copies
//
// # Invariants
//
//  1. The order of the records is the order of the changes, per key and for all keys of one
//     record: who appends holds the locks of all shards that the record concerns.
//  2. All subscribers see the same records with the same positions, in the same order.
//  3. A record's body is not empty, so positions grow with every record.
//  4. Record is called with the journal locked: it neither blocks nor calls the journal.
//  5. Without subscribers On is false, and nobody makes a record: that costs an atomic load.
package journal
