package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
)

// applier executes what is loaded, on an executor of its own. While it works, nothing
// else changes the store: clients are answered LOADING and the keeper rests. Nothing
// expires either: the store is told so, and time stands still at 0 for all commands; those that note
// the time of day, or count from it, have it besides (Ctx.Wall). A deadline that has
// passed meanwhile is kept until everything is loaded, because what follows may move it.
type applier struct {
	srv  *Server
	ctx  context.Context
	ex   *executor
	self command.Nobody // the client that the handlers see
	out  resp.Buffer
}

func newApplier(s *Server, ctx context.Context) *applier {
	ap := &applier{srv: s, ctx: ctx, ex: newExecutor(&s.env, new(gate))}
	ap.ex.originals = true // rewrites and effects know no other names
	ap.ex.ctx.Obey = true
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

// Image implements persistence.Applier. No key counts as expired: what follows may move its
// deadline.
func (ap *applier) Image(in io.Reader, p *persistence.Progress) (rest io.Reader, end int64, err error) {
	l := ap.srv.newLoader(ap.ctx)
	l.Progress = p
	rest, end, err = l.Load(in)
	if err == nil {
		err = ap.srv.loadedFrom(l)
	}
	return rest, end, err
}

// Check implements persistence.Applier.
func (ap *applier) Check(rec resp.Args) error {
	var cl batchCall
	cl.spec = ap.ex.env.table.Lookup(rec[0])
	_ = ap.ex.resolve(nil, &cl, rec)
	return ap.admit(&command.Call{Spec: cl.spec, Args: rec}, cl.fault)
}

// theLoader is who calls what stands in an AOF.
var theLoader = admit.Caller{As: admit.Loader}

// admit tells whether a call belongs into an AOF.
func (ap *applier) admit(call *command.Call, f admit.Fault) error {
	if v := admit.Judge(&theLoader, 0, call, f); v.Refused() {
		return errors.New(v.Text(&theLoader, call, ""))
	}
	return nil
}

// Apply implements persistence.Applier.
func (ap *applier) Apply(recs []resp.Args) (done int, err error) {
	if ap.ctx.Err() != nil || ap.srv.asked() {
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
	now := ap.ex.env.nowMs()
	ex.ctx.Client, ex.ctx.DB = &ap.self, ap.self.DB
	ex.setClock(ex.env.wall(now))
	ex.ctx.Now, ex.ctx.Wall = 0, now
	ex.prepare(ex.ctx.DB, b)
	ap.out.Reset()
	ex.w.Bind(&ap.out, 2)
	defer ex.end()
	for i := range b.N {
		cl, rec := &ex.calls[i], b.Cmds[i].Args
		ex.touchAhead(cl.to)
		ex.ctx.Call = command.Call{Spec: cl.spec, Args: rec, Keys: ex.keys[cl.from:cl.to]}
		if err := ap.admit(&ex.ctx.Call, cl.fault); err != nil {
			return i, err
		}
		ap.call()
		if ex.w.TakeErrors() > 0 {
			ex.w.Flush()
			return i, fmt.Errorf("'%s' fails: %s", cl.spec.FullName, ap.lastError())
		}
	}
	ex.w.Flush()
	return b.N, nil
}

// call invokes the context's call under the locks of its shards.
func (ap *applier) call() {
	c, st := &ap.ex.ctx, ap.ex.env.store
	held := shardsOf(c.Keys)
	st.LockSet(&held)
	ap.ex.invoke(c, nil)
	st.UnlockSet(&held)
}

// finish hands the keys that blocked clients wait for to the workers, who serve them when
// everything is loaded.
func (ap *applier) finish() {
	for i := range ap.ex.ready {
		ap.ex.env.kept.add(ap.ex.ready[i].q)
	}
}

// lastError is the text of the error reply that came last.
func (ap *applier) lastError() string {
	text := ap.out.Bytes()
	if i := bytes.LastIndexByte(text, '-'); i >= 0 {
		text = text[bytes.LastIndex(text[:i+1], []byte("\r\n"))+1:]
	}
	return strings.Trim(string(text[max(0, len(text)-errorPreviewBytes):]), "\r\n-")
}
