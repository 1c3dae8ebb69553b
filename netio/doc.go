// Package netio moves bytes between sockets and memory: it knows connections, not
// protocols.
//
// # Terms
//
//   - Poller: the kernel's readiness notification (epoll, kqueue) behind five duties.
//   - Reactor: one goroutine with its own poller; it owns its connections.
//   - Stripe: a reactor without a poller, for connections that goroutines serve.
//   - Stream: what such a connection has of its own: the net.Conn and the goroutine.
//   - Group: the reactors, the stripes and the listeners.
//   - Turn: one round of a reactor's loop, from one poll to the next.
//   - Ring: a byte queue, a linked list of pooled nodes. Each Conn has two of them.
//   - Letter: a function posted to a reactor's mailbox.
//   - Relief: the goroutine that makes another one the reactor when its own blocks at the
//     end of a turn (Reactor.BeginBlocking).
//   - Lookout: the goroutine that is roused so that a thread looks after the sockets of the
//     goroutine model while a connection's goroutine runs on.
//   - Session: the user's side of a connection; Handler makes it.
//
// # One turn
//
//	        ┌────────────────────────────────────────────────────────────────────────┐
//	        ▼                                                                        │
//	Poller.Poll ─▶ letters ─▶ ready connections ─▶ due connections ─▶ Tick, Alarm ─▶ EndTurn ─▶ bury
//	(blocks only    │          │                    │                                            │
//	 when nothing   │ adopt    │ writable: flush,   │ Requeue'd, resumed:                        │ Closed, close(fd),
//	 is due and     │ a conn,  │   Drained          │   Data                                     │ rings back to
//	 no letter      │ Resume   │ readable: fill,    │                                            │ the pool
//	 waits)         │          │   Data             │
//
// A Tick comes some time after something has happened, and again only if the handler wants it:
// a reactor at rest does not wake. How it waits depends on how often it does, because of
// Go's monitor thread: doze_linux.go.
//
// A listener belongs to one reactor, which deals the accepted descriptors round-robin
// to all mailboxes. A turn is fair: one connection gets at most about
// Config.TurnReadBytes read, one call of Data (a session with more to do calls
// Requeue), and a few MB written per flush.
//
// # A connection
//
//	socket ──read, readv──▶ in-ring ──▶ Session.Data ──▶ out-ring ──write, writev──▶ socket
//	   └─────────read──────▶ SetDirect's buffer (a large argument)
//
// Write interest is registered only while the kernel has not taken all output. A peer
// that shuts down its side (half close) still has all its input served and its replies
// sent; then the session is closed with io.EOF. A session that only waits (a
// subscriber, a blocked command) therefore leaves its input in the ring instead of
// pausing: while paused, a connection is not closed for a mere end of input.
//
// # The goroutine model
//
// A connection may have a goroutine instead of a place in a reactor's poller: for any
// net.Conn (TLS, memory), on any system that Go runs on, and beside reactors in one group.
// Session, Conn and Ring are the same. github.com/tidwall/redcon accepts and gives each
// connection its goroutine; the commands are read by the reader of the reactor model, for
// redcon's reads other things than Redis (streamServer, TestWhyDetached).
//
//	         ┌── the stripe's mutex: its holder is the reactor ──┐
//	read ──▶ │ letters ─▶ Session.Data ─▶ due ones ─▶ EndTurn    │ ──▶ write ──▶ read ...   a connection's goroutine
//	sleep ─▶ │ letters ─▶ due ones ─▶ Tick, Alarm ─▶ EndTurn     │ ──▶ sleep ...            the stripe's goroutine
//	         │ what is to be sent                                │ ──▶ write ──▶ end        a writer, see below
//	         └───────────────────────────────────────────────────┘
//
// Stripes are few, and a connection stays on its own. A goroutine holds one stripe at a
// time, and reads, writes and closes sockets outside of it: no client can hold up a stripe.
//
// Reading. A socket waits in the netpoller without a buffer (syscall.RawConn), and is then
// read straight into the ring; anything else waits with 1 KB. So input comes while the
// session waits for something, and its end is noticed.
//
// Writing. After its turn a connection's goroutine writes what came of it. What comes for
// the client otherwise the stripe's goroutine writes after its turn, for all clients that have something,
// as far as the kernel takes it; the rest is written by a goroutine that lives until there is no more output.
// One of them at a time has the out-ring; it takes a parcel under the mutex and writes it
// outside: nothing that is corked can leave. If the client does not read for one tick of
// 100 ms, the goroutine that hangs in its write becomes such a writer and a new one reads
// on: a client may send everything before it reads anything.
//
// Looking out. Go's runtime leaves nobody to look after sockets while the thread that did runs a
// goroutine which does not wait: such a connection's goroutine rouses another thread (lookout.go).
//
// Differences to a reactor: Flush sends after the turn, so a Close in the same turn drops
// that, too; a listener rests when descriptors run out, and sheds nobody.
//
// # The ring
//
//	head            seek                tail
//	 │               │                   │
//	 ▼               ▼                   ▼
//	┌──────────┐ next┌──────────┐ next  ┌──────────┐
//	│  16 KB   ├────▶│  16 KB   ├──────▶│  16 KB   │──▶ nil
//	└────▲─────┘     └──────────┘       └────▲─────┘
//	    rpos                                 w
//	consumer's                           producer's
//
//	word (atomic): ┌ length in bytes: 62 bits ┬ chained: 1 ┬ open: 1 ┐
//
// The producer writes behind w, then adds to the length; the consumer reads up to the
// length, then subtracts. "chained" says that there are nodes, "open" that the
// producer is between taking the tail and letting go of it. Only the consumer drops
// the chain, by a compare-and-swap from (0, chained, not open) to 0, so it never takes
// the tail away under the producer's hands.
//
// # Invariants
//
//  1. Only its reactor reads, writes, registers or closes a connection.
//  2. Whatever is closed during a turn is destroyed at its end, and descriptors are
//     closed only there: a view of a ring, a Conn and a descriptor number live as
//     long as the callback that may use them.
//  3. A token (generation and slot) is never reused: events for what is gone find
//     nothing.
//  4. The ring's length is never more than what its nodes hold; a node's w is final
//     once it has a successor; discarded bytes are overwritten under the invariants
//     tag.
//  5. An empty ring without an open window holds no node: an idle connection costs its
//     Conn (one object of 256 bytes) and one slot.
//  6. After a letter was accepted (Post returned true), it runs.
//  7. In the goroutine model "its reactor" in 1 is whoever holds the stripe's mutex, and
//     only the connection's goroutine reads, and closes the socket. Session.Closed is
//     called when nobody reads into SetDirect's buffer any more.
//  8. When Group.Close has returned, no goroutine of the group is left.
//
// # Memory of a paused connection
//
// While a connection is paused, another goroutine may consume its in-ring and produce
// into its out-ring; the reactor fills the one and flushes the other. If such a
// connection is closed, its rings are left alone until Resume, or to the garbage
// collector if that never comes.
package netio
