package netio

// Interest is a set of the two things that can be waited for on a descriptor, and of
// the two that an Event reports.
type Interest uint8

// The members of an Interest.
const (
	Readable Interest = 1 << iota
	Writable
)

// Token is the reactor's name for an open descriptor; the poller gives it back with
// each event. A token is never reused, so that a late event of a descriptor that was
// closed, and whose number lives on, finds nothing.
type Token uint64

// Event says that a descriptor is ready. A descriptor in error, or whose peer is
// gone, is reported as both readable and writable: the next call on it tells which.
type Event struct {
	Token Token
	Ready Interest
}

// Poller waits for descriptors. Its five duties are those of Go's own runtime poller:
// initialise, open a descriptor, poll with a delta, break a blocked poll, tell whether
// a descriptor is the poller's own. Readiness is level-triggered.
//
// One goroutine uses a poller; only Break may be called from others, up to Close.
type Poller interface {
	// Init acquires what the poller needs; a poller is used only after it.
	Init() error

	// Open changes what is waited for on fd from was (0: fd is new) to want (0: fd is
	// forgotten). Closing fd forgets it, too.
	Open(fd int, token Token, was, want Interest) error

	// Poll fills events with what is ready and returns how many. A negative delta
	// blocks until there is an event or a Break, 0 does not block, a positive delta is
	// the longest wait in nanoseconds. A wait that was interrupted, or that the poller breaks
	// off to go on in another way, returns 0 before that. now is the reactor's clock, of the
	// beginning of its turn.
	Poll(now, delta int64, events []Event) (int, error)

	// Break makes a blocked Poll return, or the next one if none is blocked.
	Break()

	// IsPollDescriptor tells whether fd is one of the poller's own.
	IsPollDescriptor(fd int) bool

	// Close releases what Init acquired.
	Close()
}
