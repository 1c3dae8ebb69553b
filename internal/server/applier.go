package server

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
)

// applier executes what is loaded, on an executor of its own. While it works, nothing
// else changes the store: clients are answered LOADING and the keeper rests. Nothing
// expires either: the store is told so, and for all commands but those that note the
// time of day (streams) or count from now, time stands still at 0. A deadline that has
// passed meanwhile is kept until everything is loaded, because what follows may move it.
type applier struct {
	ctx  context.Context
	ex   *executor
	self session // the client that the handlers see
	out  resp.Buffer
}

func newApplier(s *Server, ctx context.Context) *applier {
	ap := &applier{ctx: ctx, ex: newExecutor(s, new(gate))}
	ap.ex.originals = true // rewrites and effects know no other names
	ap.self.ex, ap.self.proto = ap.ex, 2
	ap.ex.ctx.Obey = true
	ap.ex.ctx.Yield, ap.ex.ctx.Unlocked = noYield, justCall
	return ap
}

// asked tells whether a client asked for the server's end.
func (s *Server) asked() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// Check implements persistence.Applier.
func (ap *applier) Check(rec resp.Args) error {
	spec := ap.ex.srv.table.Lookup(rec[0])
	if spec == nil {
		spec = ap.ex.srv.table.Original(rec[0])
	}
	if spec == nil {
		return fmt.Errorf("unknown command '%s'", preview(rec[0]))
	}
	return checkRecord(spec, rec)
}

// maySave are the flags of a command that reads but may store what it found out, and is recorded
// then (PFCOUNT).
const maySave = command.ReadOnly | command.MayReplicate

// checkRecord tells whether a command belongs into an AOF.
func checkRecord(spec *command.Spec, rec resp.Args) error {
	if spec.Subs != nil && len(rec) > 1 {
		if spec = spec.LookupSub(rec[1]); spec == nil {
			return fmt.Errorf("unknown subcommand '%s' of '%s'", preview(rec[1]), preview(rec[0]))
		}
	}
	switch {
	case !spec.MatchesArity(len(rec)) || spec.Handler == nil:
		return fmt.Errorf("wrong number of arguments for '%s'", spec.FullName)
	case spec.Flags&command.Write == 0 && spec.Flags&maySave != maySave && spec.Name != "select":
		return fmt.Errorf("'%s' is no command that changes data", spec.FullName)
	}
	return nil
}

// Apply implements persistence.Applier.
func (ap *applier) Apply(recs []resp.Args) (done int, err error) {
	if ap.ctx.Err() != nil || ap.ex.srv.asked() {
		return 0, persistence.ErrInterrupted
	}
	ex := ap.ex
	for done < len(recs) {
		some := recs[done:min(done+resp.MaxBatch, len(recs))]
		b := ex.batch
		for i, rec := range some {
			b.Cmds[i].Args = rec
		}
		b.N = len(some)
		n, err := ap.run(b)
		done += n
		clear(b.Cmds[:b.N])
		b.N = 0
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// run executes one batch.
func (ap *applier) run(b *resp.Batch) (done int, err error) {
	ex := ap.ex
	now := ap.ex.srv.nowMs()
	ex.begin(&ap.self, now)
	ex.ctx.CanWait = false
	ex.prepare(ex.ctx.DB, b)
	ap.out.Reset()
	ex.w.Bind(&ap.out, 2)
	defer ex.end()
	for i := range b.N {
		cl, rec := &ex.calls[i], b.Cmds[i].Args
		ex.touchAhead(cl.to)
		if cl.spec == nil {
			return i, ap.Check(rec)
		}
		if cl.bad == callOK && cl.spec.Flags&command.Write != 0 {
			// As it should be.
		} else if err := ap.Check(rec); err != nil {
			return i, err
		}
		ex.ctx.Now = 0
		if cl.spec.Group == command.GroupStream || relative(cl.spec.Name, rec) {
			ex.ctx.Now = now
		}
		ap.call(cl, rec)
		if ex.w.TakeErrors() > 0 {
			ex.w.Flush()
			return i, fmt.Errorf("'%s' fails: %s", cl.spec.FullName, ap.lastError())
		}
	}
	ex.w.Flush()
	return b.N, nil
}

// call runs one handler under its shards' locks.
func (ap *applier) call(cl *call, rec resp.Args) {
	ex := ap.ex
	c := &ex.ctx
	c.Spec, c.Args, c.Keys = cl.spec, rec, ex.keys[cl.from:cl.to]
	st := ex.srv.store
	switch len(c.Keys) {
	case 0:
		cl.spec.Handler(c)
	case 1:
		shard := c.Keys[0].Shard
		st.Lock(shard)
		cl.spec.Handler(c)
		st.Unlock(shard)
	default:
		set := shardsOf(c.Keys)
		st.LockSet(&set)
		cl.spec.Handler(c)
		st.UnlockSet(&set)
	}
}

// lastError is the text of the error reply that came last.
func (ap *applier) lastError() string {
	text := ap.out.Bytes()
	if i := bytes.LastIndexByte(text, '-'); i >= 0 {
		text = text[bytes.LastIndex(text[:i+1], []byte("\r\n"))+1:]
	}
	return strings.Trim(string(text[max(0, len(text)-unknownPreviewBytes):]), "\r\n-")
}

// relative tells whether a record has a time to live instead of a deadline. No server
// since 2.6 writes such records, but people do.
func relative(name string, rec resp.Args) bool {
	switch name {
	case "expire", "pexpire", "setex", "psetex":
		return true
	case "set", "getex":
		for _, a := range rec[min(3, len(rec)):] { // the time is behind it, so GETEX's is never the third
			if command.EqualFold(a, "ex") || command.EqualFold(a, "px") {
				return true
			}
		}
		return name == "getex" && len(rec) > 3
	}
	return false
}
