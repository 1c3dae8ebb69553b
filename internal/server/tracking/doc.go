// Package tracking is client-side caching: clients are told when keys change that they cache. It
// knows neither the server nor its sessions: these are a House and its Clients.
//
// Terms
//
//	tracker       a client with client-side caching
//	table         the keys of one shard that trackers have read, and who
//	actor         whoever runs commands, and the tracker on whose behalf
//	invalidation  what a client is told: keys that have changed, or all
//	prefix        what the keys begin with that a client in the BCAST mode hears of
//
// Layout
//
//	GET, under the shard's lock ─▶ table of the shard: key, who read it
//	change, under the same lock ─▶ taken from the table ─▶ inbox of the client's reactor ─letter─▶ Client.Push
//	             └▶ with BCAST: pending keys of each prefix ─letter─▶ one message for each client ─▶ inboxes
//
// A letter is read outside of batches, when the replies of the batch that read the key are
// in the out-ring: so no invalidation comes before the reply that it concerns. A reply
// that a worker still has, or that is under way to a blocked client, is waited for (see
// Client.HoldsPushes). What a client's own command invalidates follows its reply at once.
//
// Invariants
//
//  1. A table is used under its shard's lock only.
//  2. Tracking.mu is innermost but for the House's look-up of clients and for mailboxes.
//  3. A tracker's Mode is written under Tracking.mu by whoever runs the client's commands, who
//     reads it without.
//  4. What the tables have of a tracker that is gone is found dead when its key changes.
package tracking
