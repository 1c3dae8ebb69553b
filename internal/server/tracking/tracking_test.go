package tracking

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// house is a server of one reactor, which runs its letters when it is asked to.
type house struct {
	clients map[int64]*client
	letters []func()
	max     int64
	roomy   int // how often it was told that there is room
}

func (h *house) Client(id int64) Client {
	if c := h.clients[id]; c != nil {
		return c
	}
	return nil
}

func (h *house) Post(_ int, f func()) { h.letters = append(h.letters, f) }
func (h *house) Flush(int)            {}
func (h *house) Observe(uint32)       {}
func (h *house) MaxKeys() int64       { return h.max }
func (h *house) Roomy()               { h.roomy++ }

func (h *house) run() {
	for len(h.letters) > 0 {
		f := h.letters[0]
		h.letters = h.letters[1:]
		f()
	}
}

// client keeps what it is told.
type client struct {
	proto int
	holds bool
	told  strings.Builder
	t     *Tracker
}

func (c *client) Reactor() int      { return 0 }
func (c *client) Proto() int        { return c.proto }
func (c *client) Gone() bool        { return false }
func (c *client) Listening() bool   { return true }
func (c *client) HoldsPushes() bool { return c.holds }
func (c *client) Push(b []byte)     { c.told.Write(b) }

// took returns, and forgets, what the client was told.
func (c *client) took() string {
	defer c.told.Reset()
	return strings.ReplaceAll(c.told.String(), "\r\n", " ")
}

// rig is the tracking of a small store.
type rig struct {
	house
	st *store.Store
	tr *Tracking
}

func newRig(t *testing.T) *rig {
	t.Helper()
	st, err := store.Open(store.Options{Shards: 4, Databases: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	r := &rig{st: st}
	r.clients = map[int64]*client{}
	r.tr = New(&r.house, st, 1)
	return r
}

func (r *rig) client(id int64, mode command.Tracking) *client {
	c := &client{proto: resp.RESP3}
	c.t = r.tr.NewTracker(c)
	mode.On = true
	c.t.Set(mode)
	r.clients[id] = c
	return c
}

// under runs f with the lock of a key's shard.
func (r *rig) under(name string, f func(k store.Key)) {
	k := r.st.MakeKey([]byte(name))
	r.st.Lock(k.Shard)
	f(k)
	r.st.Unlock(k.Shard)
}

func (r *rig) change(name string, by *Actor) {
	r.under(name, func(k store.Key) { r.tr.Invalidate(k, by) })
}

const toldOfK = ">2 $10 invalidate *1 $1 k "

// TestLastChangerCounts: with BCAST and NOLOOP a client is told of a key that it has changed
// if somebody else, or the end of its time, has changed it since.
func TestLastChangerCounts(t *testing.T) {
	r := newRig(t)
	mode := command.Tracking{Broadcast: true, NoLoop: true, Prefixes: []string{""}}
	a, b := r.client(1, mode), r.client(2, mode)
	byA, byB, byNobody := &Actor{Tracker: a.t}, &Actor{Tracker: b.t}, &Actor{}
	for _, x := range []struct {
		name         string
		by           []*Actor
		toldA, toldB string
	}{
		{"A, then B", []*Actor{byA, byB}, toldOfK, ""},
		{"B, then A twice", []*Actor{byB, byA, byA}, "", toldOfK},
		{"A, then somebody who does not track", []*Actor{byA, byNobody}, toldOfK, toldOfK},
		{"A, then its time is over", []*Actor{byA, nil}, toldOfK, toldOfK},
		{"A alone", []*Actor{byA}, "", toldOfK},
	} {
		for _, by := range x.by {
			r.change("k", by)
		}
		r.run()
		if gotA, gotB := a.took(), b.took(); gotA != x.toldA || gotB != x.toldB {
			t.Errorf("%s: told %q and %q, want %q and %q", x.name, gotA, gotB, x.toldA, x.toldB)
		}
	}
}

// TestHeldBehindReplies: what a client is told waits for a reply that is under way.
func TestHeldBehindReplies(t *testing.T) {
	r := newRig(t)
	c := r.client(1, command.Tracking{})
	c.holds = true
	r.under("k", c.t.Remember)
	r.change("k", nil)
	r.run()
	if got := c.took(); got != "" {
		t.Errorf("told %q before the reply", got)
	}
	c.t.PushHeld() // the reply is still under way
	c.holds = false
	c.t.PushHeld()
	if got := c.took(); got != toldOfK {
		t.Errorf("told %q", got)
	}
	if c.t.Bytes() != 0 {
		t.Error("something is held")
	}
}

// TestOwnChanges: what a client's own command changes is told at once behind its reply, or not
// at all with NOLOOP; a redirection is told like anybody.
func TestOwnChanges(t *testing.T) {
	r := newRig(t)
	own, silent := r.client(1, command.Tracking{}), r.client(2, command.Tracking{NoLoop: true})
	moved := r.client(3, command.Tracking{Redirect: 1})
	for _, x := range []struct {
		c             *client
		pushed        bool
		first, second string // of own: at once, and by letter
	}{{own, true, toldOfK, ""}, {silent, false, "", ""}, {moved, false, "", toldOfK}} {
		by := &Actor{Tracker: x.c.t}
		r.under("k", x.c.t.Remember)
		r.change("k", by)
		if got := by.PushOwn(); got != x.pushed {
			t.Errorf("pushed: %v", got)
		}
		first := own.took()
		r.run()
		if second := own.took(); first != x.first || second != x.second {
			t.Errorf("told %q, then %q, want %q, then %q", first, second, x.first, x.second)
		}
	}
	delete(r.clients, 1)
	r.under("k", moved.t.Remember)
	r.change("k", nil)
	r.run()
	if got := moved.took(); got != ">2 $21 tracking-redir-broken :1 " || !moved.t.Mode().Broken {
		t.Errorf("told %q of a redirection to nobody", got)
	}
}

// TestBounds: the table keeps to its bound, by telling of what it forgets, and nothing is left when
// all has gone.
func TestBounds(t *testing.T) {
	r := newRig(t)
	r.max = 10
	c := r.client(1, command.Tracking{})
	const keys = 200
	for i := range keys {
		r.under(strings.Repeat("k", i+1), c.t.Remember)
	}
	r.run()
	st := r.tr.Stats()
	if told := strings.Count(c.took(), "invalidate"); st.Keys > 20 || int64(told)+st.Keys != keys {
		t.Errorf("%d keys kept of %d, %d told", st.Keys, keys, told)
	}
	r.tr.InvalidateAll(nil)
	r.run()
	if got := c.took(); got != ">2 $10 invalidate _ " {
		t.Errorf("told %q of everything", got)
	}
	c.t.Stop(true)
	if st = r.tr.Stats(); st != (Stats{}) || len(r.tr.mu.trackers)+len(r.tr.mu.byPrefix) != 0 {
		t.Errorf("left: %+v", st)
	}
}

// TestFull: who changes keys is told to wait while very much is to be delivered, and told once when it is not.
func TestFull(t *testing.T) {
	r := newRig(t)
	for id := range int64(100) {
		r.client(id+1, command.Tracking{Broadcast: true, Prefixes: []string{""}})
	}
	name := strings.Repeat("k", 100_000)
	for i := 0; !r.tr.Full(); i++ {
		if i > 10 {
			t.Fatal("not full with a hundred megabytes")
		}
		r.change(name, nil)
		last := len(r.letters) - 1
		broadcast := r.letters[last] // its reactor is at work, that of the clients is not
		r.letters = r.letters[:last]
		broadcast()
	}
	if r.roomy != 0 {
		t.Error("told that there is room")
	}
	r.run()
	if r.tr.Full() || r.roomy != 1 || r.tr.room.Waiting() != 0 {
		t.Errorf("full: %v; told %d times; %d bytes are still counted", r.tr.Full(), r.roomy, r.tr.room.Waiting())
	}
}
