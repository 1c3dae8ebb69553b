package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// host is the server as the handlers on one executor see it: command.Host. Methods
// that wait for the reactors release this executor's gate meanwhile.
type host struct {
	*Server
	ex *executor
}

var _ command.Host = (*host)(nil)

// statBase is what CONFIG RESETSTAT subtracts from counters that never go back.
type statBase struct {
	connections, rejected, expired, evicted, freed atomic.Int64
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
}

// watchOptions copies the options that handlers and the parser read through structs
// of their own, now and whenever they change.
func (s *Server) watchOptions() {
	o := s.opts
	apply := func() error {
		lim := resp.DefaultLimits()
		lim.MaxBulkBytes = min(o.ProtoMaxBulkLen.Load(), resp.MostBulkBytes)
		s.parseLimits.Store(&lim)
		sizes := &command.Limits{MaxBulkBytes: lim.MaxBulkBytes}
		for _, row := range sizeOptions {
			*row.size(sizes) = asInt(o.Number(row.name))
		}
		s.limits.Store(sizes)
		return nil
	}
	_ = apply() // cannot fail
	o.OnChange("proto-max-bulk-len", apply)
	for _, row := range sizeOptions {
		o.OnChange(row.name, apply)
	}
}

// asInt reads a numeric option, held within what an int of 32 bits can express.
func asInt(o *options.Int) int { return int(max(min(o.Load(), math.MaxInt32), math.MinInt32)) }

// Table implements command.Host.
func (s *Server) Table() *command.Table { return s.table }

// Databases implements command.Host.
func (s *Server) Databases() int { return s.store.Databases() }

// ConfigGet implements command.Host.
func (s *Server) ConfigGet(patterns [][]byte) []command.ConfigPair {
	var out []command.ConfigPair
	for _, p := range s.opts.Get(patterns) {
		out = append(out, command.ConfigPair(p))
	}
	return out
}

// ConfigSet implements command.Host.
func (h *host) ConfigSet(pairs [][]byte) (errText string) {
	local := h.clientIsLocal(h.ex.ctx.Client)
	h.ex.unlocked(func() { errText = replyText(h.opts.SetFrom(pairs, local)) })
	return errText
}

// ConfigRewrite implements command.Host.
func (h *host) ConfigRewrite() (errText string) {
	h.ex.unlocked(func() { errText = replyText(h.opts.Rewrite()) })
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

// ResetStats implements command.Host.
func (h *host) ResetStats() {
	h.askReactors(func(r *netio.Reactor, ex *executor) {
		ex.stats = execStats{dirty: ex.stats.dirty}
		ex.rate = rateSample{}
		ex.netBase = r.Counts()
		ex.cmds.Reset()
	})
	for _, ex := range h.extra {
		ex.pub.reset()
	}
	h.errorsBy.Reset()
	h.base.connections.Store(h.counts.connections.Load())
	h.base.rejected.Store(h.counts.rejected.Load())
	h.counts.expiredFields.Store(0)
	st := h.store.Stats()
	h.base.expired.Store(int64(st.Expired))
	h.base.evicted.Store(int64(st.Evicted))
	h.base.freed.Store(int64(st.Freed))
	h.counts.evictedClients.Store(0)
	h.counts.outputLimitCloses.Store(0)
	h.counts.queryLimitCloses.Store(0)
	for i := range h.counts.denied {
		h.counts.denied[i].Store(0)
	}
	h.keeper.Stats.Reset()
}

// notePeak remembers and returns the highest use of memory seen.
func (s *Server) notePeak(used int64) int64 {
	for {
		peak := s.peakBytes.Load()
		if used <= peak {
			return peak
		}
		if s.peakBytes.CompareAndSwap(peak, used) {
			return used
		}
	}
}

// Shutdown implements command.Host.
func (s *Server) Shutdown(o command.ShutdownOptions) string {
	switch {
	case o.Abort:
		return "ERR No shutdown in progress."
	case o.Save && !o.Force:
		s.log.Error("SHUTDOWN SAVE refused: there is no snapshot to save to yet")
		return "ERR Errors trying to SHUTDOWN. Check logs."
	}
	s.log.Warn("a client asked for shutdown")
	s.requestStop()
	return ""
}

// DebugAllowed implements command.Host.
func (s *Server) DebugAllowed(c command.Client) bool {
	return options.Allows(s.opts.EnableDebug.Load(), s.clientIsLocal(c))
}

func (s *Server) clientIsLocal(c command.Client) bool {
	se := sessionOf(c)
	return se != nil && (se.conn.IsUnix() || se.conn.IsLoopback())
}

// SetActiveExpire implements command.Host.
func (s *Server) SetActiveExpire(on bool) {
	s.activeExpire.Store(on)
	s.keeper.Ring()
}

func isLFU(policy int64) bool {
	return policy == options.PolicyAllKeysLFU || policy == options.PolicyVolatileLFU
}
