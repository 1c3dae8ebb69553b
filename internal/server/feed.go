package server

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/feed"
	"github.com/kringdb/kring/internal/server/follow"
	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
)

// This file is package feed as the server has it: sessions become replicas, and its House makes the
// cuts and copies that replicas begin with.

// newFeed returns the feed of a server that does not run yet.
func newFeed(s *Server) *feed.Feed {
	return feed.New(feed.Config{
		House: &feedHouse{Server: s}, Options: s.Opts, Log: s.Log, Journal: &s.Journal.Log, History: s.role.history, Backlog: &s.role.backlog,
	})
}

// aboutHistory notes, at a cut with the journal locked, where in which history it is.
func (r *role) aboutHistory(about *rdb.About) {
	b := &r.backlog
	if !b.Active() {
		return
	}
	about.ReplID, about.ReplOffset, about.ReplDB = r.history.IDs().ID, b.Offset(), max(b.DBLocked(), 0)
}

// resumeHistory has replicas go on that followed this server before it ended, and has it go on itself if it follows
// another one, as far as the file that was loaded knows of the stream.
func (r *role) resumeHistory(m persistence.Mark) {
	if !replication.ValidID(m.ID) {
		return
	}
	s := r.srv
	s.Journal.Log.At(func(pos uint64) {
		r.backlog.BeginLocked(s.Opts.ReplBacklogSize.Load(), m.Offset)
		if r.history.Primary() == nil {
			r.history.Restore(replication.IDs{ID: replication.NewID(), Second: m.ID, Until: m.Offset})
			s.Journal.Log.SubscribeLocked(&r.backlog)
			r.restored = true
			return
		}
		r.history.Adopt(m.ID)
		r.backlog.SetDBLocked(m.DB)
		r.stream.SetDB(m.DB)
		r.counted = pos
	})
	s.Log.Info("the data are of a history of replication that may go on", "history", m.ID, "offset", m.Offset)
}

// mark says where in which history the data are that have been recorded up to pos, which is the end of the journal, if
// that is known: a replica counts what it has executed a moment after it has recorded that. The journal is locked.
func (r *role) mark(pos uint64) (m persistence.Mark, ok bool) {
	b := &r.backlog
	if !b.Active() || r.counted != pos && !r.srv.Journal.Log.SubscribedLocked(b) {
		return m, false
	}
	return persistence.Mark{
		ID: r.history.IDs().ID, Offset: b.Offset(), DB: max(b.DBLocked(), 0),
		Follows: r.history.Primary() != nil && r.srv.Opts.ReplicaReadOnly.Load(),
	}, true
}

// feedHouse is the server as package feed sees it.
type feedHouse struct {
	*Server
	files atomic.Int64
}

// Cut implements feed.House.
func (h *feedHouse) Cut(at func()) {
	h.Gates.LockAll()
	h.Store.LockAll()
	h.Journal.Log.At(func(uint64) { at() })
	h.Store.UnlockAll()
	h.Gates.UnlockAll()
}

// replicaCopy is a copy of the store in RDB's format.
type replicaCopy struct {
	*snapshot.Stream
	c *snapshot.Copy
}

// End implements feed.Copy.
func (c replicaCopy) End() { c.c.End() }

// libraryCopy is a file of RDB with libraries alone, or nothing.
type libraryCopy struct{ text []byte }

// Next implements feed.Copy.
func (c libraryCopy) Next(dst []byte) (out []byte, done bool, err error) {
	return append(dst, c.text...), true, nil
}

// End implements feed.Copy.
func (libraryCopy) End() {}

// Copy implements feed.House.
func (h *feedHouse) Copy(want feed.Want, at func()) (feed.Copy, error) {
	if want.NoData {
		var text bytes.Buffer
		var w *rdb.Writer
		h.Cut(func() {
			at()
			w = rdb.NewWriter(&text, h.disk.ImageFormat(want.Old))
			about := rdb.About{RedisVersion: command.Version}
			h.role.aboutHistory(&about)
			w.About(&about)
			if want.NoFunctions {
				return
			}
			for _, l := range h.Scripts.Engine.Libraries() {
				w.Function([]byte(l.Text))
			}
		})
		err := w.Close()
		return libraryCopy{text.Bytes()}, err
	}
	c, stream, err := h.disk.ImageCopy(false, want.Old, func(uint64) { at() })
	if err != nil {
		return nil, err
	}
	return replicaCopy{stream, c}, nil
}

// Job implements feed.House.
func (h *feedHouse) Job(run func(stop <-chan struct{}) error, quit <-chan struct{}) error {
	j, _, err := h.disk.Jobs.Ask(durable.FullSync, run)
	if err != nil {
		return err
	}
	select {
	case <-j.Done:
	case <-quit: // it may have to wait for a copy that does not come to its end
		h.disk.Jobs.End(durable.FullSync)
		<-j.Done
	}
	return j.Err
}

// Temp implements feed.House.
func (h *feedHouse) Temp() (fs persistence.FS, path string) {
	return h.disk.FileSystem(), h.Opts.Path(replication.TempCopy(h.files.Add(1)))
}

// Up implements feed.House.
func (h *feedHouse) Up() bool { return h.role.up.Load() }

// Promote implements feed.House.
func (h *feedHouse) Promote() {
	h.Log.Info("the primary asks this server to take its place")
	h.role.promote()
}

// Heard implements feed.House.
func (h *feedHouse) Heard() { h.clients.WakeStalled() }

// Promised implements feed.House.
func (h *feedHouse) Promised(node string, number int64, d time.Duration) {
	if h.node != nil {
		h.node.Promised(node, number, d)
	}
}

// Few implements feed.House.
func (h *feedHouse) Few(few bool) { h.SetGuard(exec.GuardFew, few) }

// replicasHost is the server as handlers see it whom replicas follow.
type replicasHost struct {
	session.ReplicasHost
	srv *Server
}

// Role implements command.ReplicasHost.
func (h replicasHost) Role() command.Role {
	r := command.Role{Offset: h.srv.role.backlog.Offset()}
	if st, replica := (infoHouse{h.srv}).Following(); replica {
		r.Host, r.Port, r.State = st.Host, st.Port, st.State.String()
		if st.State == follow.Connected {
			return r
		}
		r.Offset = -1
		return r
	}
	for _, p := range h.srv.role.feed.Numbers().Replicas {
		if p.State == feed.Online {
			r.Replicas = append(r.Replicas, command.ReplicaRole{IP: p.IP, Port: p.Port, Offset: p.Offset})
		}
	}
	return r
}

// Renew implements command.ReplicasHost.
func (h replicasHost) Renew() { h.srv.role.history.Renew() }

// IsReplica implements command.ReplicasHost.
func (h replicasHost) IsReplica() bool { return h.srv.role.history.Primary() != nil }

// Replication implements info.House.
func (h infoHouse) Replication() info.Replication {
	return info.Replication{Numbers: h.role.feed.Numbers(), IDs: h.role.history.IDs(), Backlog: h.role.backlog.Numbers(), Failover: h.role.over.now().String(), In: h.role.link.Received.Load()}
}
