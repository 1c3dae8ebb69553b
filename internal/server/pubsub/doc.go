// Package pubsub carries messages from whoever publishes to the clients that listen. It knows
// neither the server nor its clients: these are the Listeners of one Outlet for each reactor.
//
// Terms
//
//	topic      a channel or a pattern that somebody listens to
//	hearers    the listeners of one outlet to one topic
//	outlet     a reactor's part: what it has still to deliver, and to whom it owes a word
//	home       the reactor, as its outlet sees it
//	message    what was published, for those of one outlet who hear it in one way
//
// Layout
//
//	Publish ─▶ topic: who listens, by outlet ─▶ inbox of each such outlet ─letter─▶ Drain:
//	                                                                 the hearers that the message names,
//	                                                                 Listener.Hear
//
// Who may call what: Hub's methods, anybody under any lock; the methods of an Outlet, and those
// with a Subscriptions, the goroutine of its reactor only.
//
// Invariants
//
//  1. One mutex covers topics and inboxes, so all listeners hear all messages in one order, and
//     a message reaches exactly those who had subscribed when it was published.
//  2. That mutex (Hub.mu) is innermost but for mailboxes: keyspace events are published under shard
//     locks, and letters are posted under it.
//  3. A list of hearers belongs to its outlet; only how many they are is under the mutex.
//  4. What one turn delivers is bounded; a client that comes or goes meanwhile is given what is left over for
//     it alone, and is ahead of the others until they have come to the same place.
//  5. A topic without hearers does not exist.
package pubsub
