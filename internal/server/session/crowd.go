package session

import (
	"sync"

	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/netio"
)

// ShownCrowd is what a reactor shows of its clients: a look at all of them, which it takes only while
// somebody has lately asked for it.
type ShownCrowd struct {
	mu struct {
		sync.Mutex
		crowd info.Crowd
		turn  int64 // the reactor's turn in which it looked
		atMs  int64 // when, milliseconds since 1970
	}
	clients int // how many clients it has seen; the reactor's
}

// Show looks at all clients of the reactor and shows what it has seen, on that reactor, unless the
// last look is not older than mostMs.
func (s *ShownCrowd) Show(r *netio.Reactor, nowMs, mostMs int64) {
	s.mu.Lock()
	known := s.mu.atMs != 0 && mostMs >= 0 && observe.Within(nowMs-s.mu.atMs, mostMs)
	s.mu.Unlock()
	if known {
		return
	}
	var crowd info.Crowd
	s.clients = 0
	eachSession(r, func(se *Session) {
		s.clients++
		listedOf(se).addTo(&crowd)
	})
	s.mu.Lock()
	s.mu.crowd, s.mu.turn, s.mu.atMs = crowd, r.Counts().Turns, nowMs
	s.mu.Unlock()
}

// showAgain is Show at the end of a turn, when somebody has asked for it lately: always if the
// reactor has few clients, else from time to time.
func (s *ShownCrowd) showAgain(r *netio.Reactor, nowMs int64) {
	most := int64(observe.AgainMs - 1)
	if s.clients <= fewClients {
		most = -1
	}
	s.Show(r, nowMs, most)
}

// IsOf tells whether the look is of a turn, or of a later one, or of lately. Anybody may ask.
func (s *ShownCrowd) IsOf(turn, nowMs int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.turn >= turn || observe.Within(nowMs-s.mu.atMs, observe.FreshMs)
}

// AddTo adds what was shown last to sum. Anybody may ask.
func (s *ShownCrowd) AddTo(sum *info.Crowd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum.Add(&s.mu.crowd)
}

// addTo adds the client to what is told of all of them. It runs on the session's reactor.
func (s listed) addTo(a *info.Crowd) {
	a.Bytes += s.bytes()
	if s.busy && s.held != nil {
		a.Bytes -= int64(s.held.Bytes) // so that INFO does not count itself, or now does and now not
	}
	a.LargestIn = max(a.LargestIn, int64(s.Conn.In().Len()+s.parser.Buffered()))
	a.LargestOut = max(a.LargestOut, int64(s.Conn.OutBytes()))
	if s.subCount > 0 {
		a.Listening++
	}
	if n := s.watching.Len(); n > 0 {
		a.Watching++
		a.Watched += int64(n)
	}
}

// bytes is what the session takes with its buffers, what it watches and listens to, and what
// it waits with. It runs on the session's reactor.
func (s listed) bytes() int64 {
	n := int64(IdleBytes + s.Conn.In().Len() + s.parser.Buffered() + s.Conn.OutBytes())
	if s.tx != nil {
		n += s.tx.Bytes()
	}
	n += s.watching.Bytes()
	if s.more != nil {
		n += s.more.subs.Bytes()
	}
	if t := s.track.Load(); t != nil {
		n += t.Bytes()
	}
	if s.blocked != nil {
		n += s.argvBytes() + s.blocked.Bytes()
	}
	return n
}
