package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/follow"
	"github.com/kringdb/kring/internal/server/listen"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/internal/server/snapshot"
)

// This file is the server as the link to its primary sees it, and what INFO tells of that.

// followHouse is the server as the link to its primary sees it.
type followHouse struct{ *role }

// Resume implements follow.House.
func (h followHouse) Resume() (id string, offset int64, known bool) {
	return h.history.IDs().ID, h.backlog.Offset(), h.backlog.Active()
}

// Empty implements follow.House.
func (h followHouse) Empty() bool {
	for db := range h.srv.Store.Databases() {
		if h.srv.Store.Len(db) > 0 {
			return false
		}
	}
	return true
}

// Replace implements follow.House.
func (h followHouse) Replace(ctx context.Context, c *follow.Copy) error {
	if c.Beside {
		return h.replaceBeside(ctx, c)
	}
	s, r := h.srv, h.role
	defer s.disk.Jobs.Hold()()
	s.disk.Jobs.End(durable.SaveSnapshot)
	a := s.disk.AOF.Current()
	if a != nil { // what it has is of another history
		if err := s.disk.AOF.TurnOff(a); err != nil {
			return err
		}
	}
	err := s.disk.WhileLoading(func() error {
		s.disk.EmptyAll()
		s.Local.Clear()
		r.feed.DropAll(errNewRole)
		r.became(replication.NewID(), 0, false)
		l, db, err := r.loadCopy(ctx, c, 0)
		if err == nil {
			err = s.disk.LoadedFrom(l, command.RestoreFlush)
		}
		if err == nil {
			r.stream.SetDB(db)
			r.became(c.ID, c.Offset, true)
			return nil
		}
		s.disk.EmptyAll() // what has come is no state that the primary ever had
		s.disk.Loaded()   // what was there is gone, too
		return err
	})
	if a != nil {
		if terr := s.disk.AOF.Turn(true); err == nil {
			err = terr
		}
	}
	return err
}

// replaceBeside loads a copy while what is here is served, and then exchanges the two.
func (r *role) replaceBeside(ctx context.Context, c *follow.Copy) error {
	s := r.srv
	s.SetGuard(exec.GuardBeside, true)
	defer s.SetGuard(exec.GuardBeside, false)
	l, db, err := r.loadCopy(ctx, c, s.Store.OpenBeside())
	if err != nil {
		s.Store.CloseBeside()
		return err
	}
	defer s.disk.Jobs.Hold()()
	s.disk.Jobs.End(durable.SaveSnapshot)
	a := s.disk.AOF.Current()
	if a != nil { // what it has is of another history
		err = s.disk.AOF.TurnOff(a)
	}
	if err == nil {
		r.stream.Exchange(func() {
			if err = s.disk.LoadedFrom(l, command.RestoreFlush); err != nil {
				return
			}
			s.Store.LockAll()
			s.Store.TakeBesideLocked()
			s.Local.Clear()
			s.Store.UnlockAll()
			r.stream.SetDB(db)
			r.becameGated(c.ID, c.Offset, true)
		})
	}
	if err != nil {
		s.Store.CloseBeside()
	} else {
		r.feed.DropAll(errNewRole)
	}
	if a != nil {
		if terr := s.disk.AOF.Turn(true); err == nil {
			err = terr
		}
	}
	return err
}

// became makes the data those of a history at an offset; known is false if nobody can go on from there.
func (r *role) became(id string, offset int64, known bool) {
	r.srv.Gates.LockAll()
	defer r.srv.Gates.UnlockAll()
	r.becameGated(id, offset, known)
}

// becameGated is became for who holds all gates.
func (r *role) becameGated(id string, offset int64, known bool) {
	s := r.srv
	r.history.Adopt(id)
	s.Journal.Log.At(func(pos uint64) {
		b := &r.backlog
		switch {
		case !known && b.Active():
			b.EndLocked()
		case known && b.Active():
			b.ResetLocked(offset)
		case known:
			b.BeginLocked(s.Opts.ReplBacklogSize.Load(), offset)
		}
		if known {
			b.SetDBLocked(r.stream.DB())
			r.counted = pos
		}
	})
}

// loadCopy loads a full copy into empty databases, of which first is the first one. db is the one that the stream has
// selected.
func (r *role) loadCopy(ctx context.Context, c *follow.Copy, first int) (l *snapshot.Loader, db int, err error) {
	s := r.srv
	l = s.disk.NewLoader(ctx)
	l.First = first
	l.Progress.Total.Store(max(c.Size, 0))
	l.Progress.Started.Store(time.Now().Unix())
	s.disk.Loading.Store(l.Progress)
	defer s.disk.Loading.Store(nil)
	rest, _, err := l.Load(c.In)
	if err != nil {
		return nil, 0, err
	}
	var more [1]byte
	if n, _ := rest.Read(more[:]); n > 0 {
		return nil, 0, errors.New("something follows the end of the data")
	}
	if text, ok := l.Aux["repl-stream-db"]; ok {
		if db, err = strconv.Atoi(text); err != nil || db < 0 || db >= s.Store.Databases() {
			return nil, 0, fmt.Errorf("the stream goes on in database %q, which there is not", text)
		}
	}
	return l, db, nil
}

// Continue implements follow.House.
func (h followHouse) Continue(id string) {
	hist := h.history
	if id == "" || id == hist.IDs().ID {
		return
	}
	h.srv.Gates.LockAll()
	h.srv.Journal.Log.At(func(uint64) {
		hist.Branch(id, h.backlog.Offset())
		h.backlog.FenceLocked()
	})
	h.srv.Gates.UnlockAll()
	h.feed.DropAll(errNewRole) // they are to know the new id
}

// Apply implements follow.House.
func (h followHouse) Apply(ctx context.Context, b *replication.Batch) error {
	stopped := func() bool { return ctx.Err() != nil || h.srv.disk.Asked() }
	for h.srv.clients.Unheard() && !stopped() { // nobody else keeps the primary's calls from outrunning those who listen
		time.Sleep(unheardRest)
	}
	if stopped() {
		return follow.ErrStopped
	}
	err := h.stream.Run(b)
	h.backlog.Wake()
	return err
}

// Applied implements follow.House.
func (h followHouse) Applied() int64 { return h.backlog.Offset() }

// Durable implements follow.House.
func (h followHouse) Durable() (offset int64, on bool) {
	a := h.srv.Journal.AOF.Load()
	if a == nil {
		return 0, false
	}
	d := &h.synced
	d.mu.Lock()
	defer d.mu.Unlock()
	if a.Durable() >= d.mu.pos {
		d.mu.offset = d.mu.next
		d.mu.next = h.Applied() // before the position: what it counts was recorded by then
		d.mu.pos = h.srv.Journal.Log.End()
	}
	return d.mu.offset, true
}

// Ports implements follow.House.
func (h followHouse) Ports() (plain, encrypted int) {
	of := func(addrs []net.Addr) int {
		for _, a := range addrs {
			if t, ok := a.(*net.TCPAddr); ok {
				return t.Port
			}
		}
		return 0
	}
	p, e := h.srv.listeners.ByKind()
	return of(p), of(e)
}

// Dial implements follow.House.
func (h followHouse) Dial(ctx context.Context, addr string, from net.Addr) (net.Conn, error) {
	return connectTo(ctx, h.srv.listeners, addr, from, h.srv.Opts.TLSReplication.Load())
}

// connectTo connects to another server, from an address if there is one.
func connectTo(ctx context.Context, l *listen.Listeners, addr string, from net.Addr, encrypted bool) (net.Conn, error) {
	d := net.Dialer{LocalAddr: from}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil || !encrypted {
		return conn, err
	}
	cfg, err := l.ClientConfig()
	if err == nil {
		t := tls.Client(conn, cfg)
		if err = t.HandshakeContext(ctx); err == nil {
			return t, nil
		}
	}
	conn.Close()
	return nil, err
}

// NewID implements follow.House.
func (h followHouse) NewID() int64 { return h.srv.clients.NewID() }

// roleLink implements session.Link.
type roleLink struct{ *role }

// Primary implements session.Link.
func (l roleLink) Primary() (p session.Primary, ok bool) {
	c, ok := l.link.Peer()
	if !ok {
		return p, false
	}
	now, log := time.Now(), &l.srv.Journal.Log
	log.Lock()
	db := max(l.backlog.DBLocked(), 0)
	log.Unlock()
	return session.Primary{
		ID: c.ID, Addr: c.Addr, LocalAddr: c.LocalAddr, AgeSecs: int64(now.Sub(c.Since).Seconds()), IdleSecs: int64(now.Sub(c.Heard).Seconds()), DB: db,
		Unread: c.Unread, Buffer: c.Buffer,
	}, true
}

// HangUp implements session.Link.
func (l roleLink) HangUp(id int64) bool { return l.link.HangUp(id) }

// Up implements follow.House.
func (h followHouse) Up(up bool) {
	h.up.Store(up)
	h.guard()
	if up && h.srv.node != nil {
		h.srv.node.Fed()
	}
}

// Node implements follow.House.
func (h followHouse) Node() string {
	if h.srv.node == nil {
		return ""
	}
	return h.srv.node.ID()
}

// AskedToPromise implements follow.House.
func (h followHouse) AskedToPromise(number int64) {
	if h.srv.node != nil {
		h.srv.node.Asked(number)
	}
}

// Following implements info.House.
func (h infoHouse) Following() (st follow.Status, replica bool) {
	p := h.role.history.Primary()
	if p == nil {
		return st, false
	}
	st, ok := h.role.link.Status()
	if !ok { // it is being changed, or data are loaded first
		st = follow.Status{Host: p.Host, Port: p.Port, LastIO: -time.Second, SyncIO: -time.Second, LostFor: -time.Second, Read: -1}
	}
	st.Applied = h.role.backlog.Offset()
	return st, true
}
