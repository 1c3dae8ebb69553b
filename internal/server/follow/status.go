package follow

import (
	"sync/atomic"
	"time"
)

// State is how far a link is.
type State int32

const (
	Connect    State = iota // it will connect
	Connecting              //
	Handshake               //
	Sync                    // a full copy is on its way
	Connected               // the stream is followed
	Stopped                 // see Refused
)

// String is the state as ROLE shows it.
func (s State) String() string {
	return [...]string{"connect", "connecting", "handshake", "sync", "connected", "connect"}[s]
}

// numbers are what others read of a link.
type numbers struct {
	state     atomic.Int32
	loading   atomic.Bool            // the full copy has come, or is loaded as it comes
	lastIO    atomic.Int64           // nanoseconds since 1970: when the primary was last heard
	downSince atomic.Int64           // seconds since 1970: since when the stream is not followed
	primary   atomic.Int64           // offset up to which the stream was read
	size      atomic.Int64           // of the full copy, -1: unknown
	received  atomic.Int64           // bytes of it
	reason    atomic.Pointer[string] // why the last connection ended
	peer      atomic.Pointer[Peer]   // the last connection whose stream was followed
	unread    atomic.Int64           // bytes that had come and were not executed before the last read
	buffer    atomic.Int64           // that fit
}

func (n *numbers) getState() State  { return State(n.state.Load()) }
func (n *numbers) setState(s State) { n.state.Store(int32(s)) }

// heard notes that the primary is there.
func (n *numbers) heard(now time.Time) { n.lastIO.Store(now.UnixNano()) }

// Status is a link at a moment.
type Status struct {
	Host  string
	Port  int
	State State
	Up    bool // the stream is followed

	LastIO    time.Duration // since the primary was heard, -1 s if the stream is not followed
	SyncIO    time.Duration // the same during a full copy
	DownFor   time.Duration // since the stream was followed, or the primary was chosen
	LostFor   time.Duration // since a stream was last followed, of this primary or one before it; -1 s if none was, or it is followed
	Read      int64         // offset up to which the stream was read, -1: it never was
	Applied   int64         // the offset of the data; set by who asks
	SyncTotal int64         // bytes of the full copy, -1: unknown
	SyncRead  int64         // bytes of it that have come
	Reason    string        // why the last connection ended
}

// Status returns the state of the link; ok is false if there is no primary. Any goroutine may
// call it.
func (f *Follower) Status() (s Status, ok bool) {
	l := f.current()
	if l == nil {
		return s, false
	}
	now := time.Now()
	s = Status{
		Host: l.target.Host, Port: l.target.Port, State: l.getState(), LastIO: -time.Second, SyncIO: -time.Second, LostFor: -time.Second,
		Read: l.primary.Load(), SyncTotal: l.size.Load(), SyncRead: l.received.Load(),
	}
	s.Up = s.State == Connected
	since := max(now.Sub(time.Unix(0, l.lastIO.Load())), 0)
	switch s.State {
	case Connected:
		s.LastIO = since
	case Sync:
		s.SyncIO = since
	}
	if !s.Up {
		s.DownFor = max(now.Sub(time.Unix(l.downSince.Load(), 0)), 0)
		if at := f.lost.Load(); at != 0 {
			s.LostFor = max(now.Sub(time.Unix(at, 0)), 0)
		}
	}
	if r := l.reason.Load(); r != nil {
		s.Reason = *r
	}
	return s, true
}
