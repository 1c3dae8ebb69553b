package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

// These are the server as the handlers see it, by subject: command.Host.
type (
	configHost struct{ srv *Server }
	statsHost  struct {
		*observe.Logs
		*info.Source
		srv *Server
	}
	memoryHost struct {
		*info.Source
		srv *Server
	}
	processHost struct{ srv *Server }
)

// newHost makes what all handlers get.
func newHost(s *Server) *command.Host {
	return &command.Host{
		Table: s.Table, Config: configHost{s}, Users: users.NewHost(s.Users, session.NewUsersHouse(s.clients)), Clients: s.clients.Host(), PubSub: s.clients.Channels.Host(), Stats: statsHost{s.Logs, s.source, s},
		Memory: memoryHost{s.source, s}, Persistence: s.disk.Host(), Process: processHost{s}, Peers: &s.peers, Replica: replicaHost{s}, Replicas: replicasHost{s.clients.ReplicasHost(), s}, Scripts: exec.NewScriptsHost(&s.Scripts),
	}
}

func newRunID() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}

// sizeOptions are the options behind command.Limits: one row is all that one of them needs.
var sizeOptions = []struct {
	name string
	size func(l *command.Limits) *int
}{
	{"hash-max-listpack-entries", func(l *command.Limits) *int { return &l.HashEntries }},
	{"hash-max-listpack-value", func(l *command.Limits) *int { return &l.HashValueBytes }},
	{"set-max-intset-entries", func(l *command.Limits) *int { return &l.SetIntEntries }},
	{"set-max-listpack-entries", func(l *command.Limits) *int { return &l.SetEntries }},
	{"set-max-listpack-value", func(l *command.Limits) *int { return &l.SetValueBytes }},
	{"zset-max-listpack-entries", func(l *command.Limits) *int { return &l.ZSetEntries }},
	{"zset-max-listpack-value", func(l *command.Limits) *int { return &l.ZSetValueBytes }},
	{"list-max-listpack-size", func(l *command.Limits) *int { return &l.ListSize }},
	{"hll-sparse-max-bytes", func(l *command.Limits) *int { return &l.HLLSparseBytes }},
	{"stream-node-max-bytes", func(l *command.Limits) *int { return &l.StreamNodeBytes }},
	{"stream-node-max-entries", func(l *command.Limits) *int { return &l.StreamNodeEntries }},
	{"rdb-version", func(l *command.Limits) *int { return &l.DumpVersion }},
}

// watchOptions copies the options that handlers and the parser read through structs
// of their own, now and whenever they change.
func (s *Server) watchOptions() {
	o := s.Opts
	apply := func() error {
		lim := resp.DefaultLimits()
		lim.MaxBulkBytes = min(o.ProtoMaxBulkLen.Load(), entry.MaxElementBytes) // an argument may become an element
		s.clients.ParseLimits.Store(&lim)
		sizes := &command.Limits{MaxBulkBytes: min(o.ProtoMaxBulkLen.Load(), resp.MostBulkBytes)}
		for _, row := range sizeOptions {
			*row.size(sizes) = o.Number(row.name).Int()
		}
		sizes.DumpCompress = o.RDBCompression.Load()
		s.Limits.Store(sizes)
		return nil
	}
	_ = apply() // cannot fail
	o.OnChange("proto-max-bulk-len", apply)
	o.OnChange("rdbcompression", apply)
	for _, row := range sizeOptions {
		o.OnChange(row.name, apply)
	}
	o.OnChange("tracking-table-max-keys", func() error {
		s.Tracking.Shrink()
		return nil
	})
	for _, name := range []string{"timeout", "maxmemory-clients", "maxmemory"} { // a tick looks at them
		o.OnChange(name, func() error {
			s.clients.Stir()
			return nil
		})
	}
}

// Get implements command.ConfigHost.
func (h configHost) Get(patterns [][]byte) []command.ConfigPair {
	var out []command.ConfigPair
	for _, p := range h.srv.Opts.Get(patterns) {
		out = append(out, command.ConfigPair(p))
	}
	return out
}

// Set implements command.ConfigHost.
func (h configHost) Set(c *command.Ctx, pairs [][]byte) (errText string) {
	local := session.IsLocal(c.Client)
	exec.Of(c).WithoutGates(func() { errText = replyText(h.srv.Opts.SetFrom(pairs, local)) })
	return errText
}

// Rewrite implements command.ConfigHost.
func (h configHost) Rewrite(c *command.Ctx) (errText string) {
	exec.Of(c).WithoutGates(func() { errText = replyText(h.srv.Opts.Rewrite()) })
	return errText
}

// replyText turns an error into the text of an error reply.
func replyText(err error) string {
	var re options.ReplyError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &re):
		return string(re)
	default:
		return "ERR " + err.Error()
	}
}

// Reset implements command.StatsHost.
func (h statsHost) Reset(c *command.Ctx) {
	h.srv.clients.Ask(c, func(r *netio.Reactor, ex *session.Station) {
		ex.Meter.Reset(r.Counts())
	})
	for _, ex := range h.srv.extra {
		ex.Meter.Published.Reset()
	}
	h.srv.Logs.Errors.Reset()
	h.Source.ResetBase()
	h.srv.ExpiredFields.Store(0)
	h.srv.clients.Counts.Reset()
	h.srv.Users.ResetDenied()
	h.srv.keeper.Stats.Reset()
	h.srv.Limit.ResetOver()
	h.srv.role.resetStats()
	h.srv.disk.ResetStats()
}

// errNoShutdown is the text of a SHUTDOWN after which the server goes on.
const errNoShutdown = "ERR Errors trying to SHUTDOWN. Check logs."

// Shutdown implements command.ProcessHost.
func (h processHost) Shutdown(o command.ShutdownOptions) string {
	if o.Abort {
		if !h.srv.role.leaving.callOff() {
			return "ERR No shutdown in progress."
		}
		h.srv.Log.Warn("a client has called the shutdown off")
		return ""
	}
	if !o.NoSave {
		if text := h.srv.Scripts.AwaitOrBusy(); text != "" {
			return text
		}
	}
	h.srv.Log.Warn("a client asked for shutdown")
	resume := func() {}
	if !o.Now && !h.srv.Scripts.AnyBusy() { // it lets nobody pause writes
		calledOff := false
		off := h.srv.role.leaving.enter()
		resume, calledOff = h.srv.role.awaitReplicas(off)
		h.srv.role.leaving.leave()
		if calledOff {
			resume()
			return errNoShutdown
		}
	}
	if !o.NoSave {
		if err := h.srv.disk.EndSave(o.Save, 2*h.srv.disk.Grace); err != nil && !o.Force {
			h.srv.Log.Error("the data cannot be saved, so the server does not end", "error", err)
			resume()
			return errNoShutdown
		}
	}
	h.srv.Group.Keep() // the connection that asked, above all: it ends when the files are done
	h.srv.requestStop()
	return ""
}

// SetActiveExpire implements command.ProcessHost.
func (h processHost) SetActiveExpire(on bool) {
	h.srv.ActiveExpire.Store(on)
	h.srv.keeper.Ring()
}

// Log implements command.ProcessHost.
func (h processHost) Log(text string) { h.srv.Log.Warn("DEBUG LOG", "text", text) }
