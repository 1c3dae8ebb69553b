package session

import (
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/tracking"
)

// caching is what a session has of client-side caching (package tracking).
type caching struct {
	track atomic.Pointer[tracking.Tracker] // nil: it never had any
}

// trackingHouse is the server as package tracking sees it.
type trackingHouse struct{ *Clients }

// Client implements tracking.House.
func (h trackingHouse) Client(id int64) tracking.Client {
	if s := h.Find(id); s != nil {
		return s
	}
	return nil
}

// Post implements tracking.House.
func (h trackingHouse) Post(reactor int, f func()) { h.Group.Reactors()[reactor].Post(f) }

// Flush implements tracking.House.
func (h trackingHouse) Flush(reactor int) { h.Stations[reactor].flushPushed() }

// Observe implements tracking.House.
func (h trackingHouse) Observe(shard uint32) { h.Env.Observe(shard) }

// MaxKeys implements tracking.House.
func (h trackingHouse) MaxKeys() int64 { return h.Opts.TrackingTableMaxKeys.Load() }

// Roomy implements tracking.House.
func (h trackingHouse) Roomy() { h.WakeStalled() }

// mode is how the client caches, for who runs its calls.
func (c *caching) mode() command.Tracking {
	if t := c.track.Load(); t != nil {
		return t.Mode()
	}
	return command.Tracking{}
}

// pushHeld pushes what waited for the reply that has just been written.
func (c *caching) pushHeld() {
	if t := c.track.Load(); t != nil {
		t.PushHeld()
	}
}

// set changes how s caches; ex runs its call. All gates are held.
func (c *caching) set(ex *exec.Executor, s *Session, mode command.Tracking) {
	t := c.track.Load()
	if t == nil {
		if !mode.On {
			return
		}
		t = ex.Env.Tracking.NewTracker(s)
		c.track.Store(t)
	}
	ex.Tracker = t
	t.Set(mode)
}

// stop ends client-side caching, because of RESET or (gone) because the connection has
// ended.
func (c *caching) stop(gone bool) {
	if t := c.track.Load(); t != nil {
		t.Stop(gone)
	}
}

// modeForOthers is mode for somebody who does not run the client's commands.
func (c *caching) modeForOthers() command.Tracking {
	if t := c.track.Load(); t != nil {
		return t.ModeForOthers()
	}
	return command.Tracking{}
}

// redirection is redir= of CLIENT LIST.
func (c *caching) redirection() int64 {
	if mode := c.modeForOthers(); mode.On {
		return mode.Redirect
	}
	return -1
}

// letters are the flags of CLIENT LIST that concern client-side caching.
func (c *caching) letters() string {
	mode := c.modeForOthers()
	if !mode.On {
		return ""
	}
	f := "t"
	if mode.Broken {
		f += "R"
	}
	if mode.Broadcast {
		f += "B"
	}
	return f
}
