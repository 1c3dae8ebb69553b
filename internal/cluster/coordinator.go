package cluster

import (
	"context"
	"errors"
	"time"
)

// Coordinator keeps pairs of a key and a JSON document, which all nodes see change in the same
// order. All methods are for any goroutine. An error that is none of those below, as of a
// connection or a context, leaves open whether something was done.
type Coordinator interface {
	// Read returns everything, as it stood at one moment.
	Read(ctx context.Context) (State, error)
	// Watch calls f with all changes after a revision, in their order, a whole transaction or
	// several at once, until ctx ends or it breaks; then, or when f returns an error, it
	// returns. ErrCompacted: the changes are not known any more, so Read.
	Watch(ctx context.Context, after int64, f func(Change) error) error
	// Commit does a transaction, or returns ErrConflict if one of its conditions does not hold,
	// or ErrLeaseEnded. The result is its revision.
	Commit(ctx context.Context, txn Txn) (int64, error)
	// Grant begins a lease that ends at least ttl after it was begun or renewed last.
	Grant(ctx context.Context, ttl time.Duration) (Lease, error)
	// Close ends what the coordinator has open; leases of this process end sooner or later.
	Close() error
}

var (
	ErrConflict   = errors.New("another change was made before")
	ErrCompacted  = errors.New("the changes since then are not known any more")
	ErrLeaseEnded = errors.New("the lease has ended")
	ErrClosed     = errors.New("the coordinator is closed")
	// ErrUnreachable is what a coordinator over the network says that may only be away: whoever tries again may succeed.
	ErrUnreachable = errors.New("the coordinator cannot be reached")
)

// State is everything at one revision.
type State struct {
	Revision int64
	Pairs    []Pair // by key
}

// Pair is a key and its document.
type Pair struct {
	Key      string
	Value    []byte
	Revision int64 // of its last change
}

// Change is what transactions up to a revision have changed.
type Change struct {
	Revision int64
	Events   []Event // in order
}

// Event is the change of one key.
type Event struct {
	Pair
	Deleted bool
}

// Txn is a transaction: all of it is done, or nothing. A key stands in it once at most, besides
// conditions.
type Txn struct {
	If     []Condition
	Put    []Put
	Delete []string // which need not exist
}

// Condition holds if the last change of Key has this revision; 0 if there is no such key.
type Condition struct {
	Key      string
	Revision int64
}

// Put writes a document. With a Lease, of the same coordinator, the key goes when that ends.
type Put struct {
	Key   string
	Value []byte
	Lease Lease
}

// Lease is a promise that lasts for a time, and is kept up by renewing it.
type Lease interface {
	// Until is a moment before which the lease cannot have ended: when it was asked for, or
	// for its last renewal that succeeded, plus its time to live. By the monotonic clock.
	Until() time.Time
	// Renew begins its time to live again; ErrLeaseEnded if it is too late.
	Renew(ctx context.Context) error
	// Revoke ends it, and deletes the keys that were written with it.
	Revoke(ctx context.Context) error
}
