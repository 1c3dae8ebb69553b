package exec

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
)

// Applier executes what is loaded, on an executor of its own. While it works, nothing
// else changes the store: clients are answered LOADING and the keeper rests. Nothing
// expires either: the store is told so, and time stands still at 0 for all commands; those that note
// the time of day, or count from it, have it besides (Ctx.Wall). A deadline that has
// passed meanwhile is kept until everything is loaded, because what follows may move it.
type Applier struct {
	ex   *Executor
	self command.Nobody // the client that the handlers see
	out  resp.Buffer
}

// NewApplier makes one; a goroutine at a time may use it.
func NewApplier(e *Env) *Applier {
	ap := &Applier{ex: New(e, new(Gate))}
	ap.ex.originals = true // rewrites and effects know no other names
	ap.ex.Ctx.Obey = true
	return ap
}

// Check implements persistence.Applier.
func (ap *Applier) Check(rec resp.Args) error {
	var cl BatchCall
	cl.Spec = ap.ex.Env.Table.Lookup(rec[0])
	_ = ap.ex.resolve(nil, &cl, rec)
	return ap.admit(&command.Call{Spec: cl.Spec, Args: rec}, cl.Fault)
}

// theLoader is who calls what stands in an AOF.
var theLoader = admit.Caller{As: admit.Loader}

// admit tells whether a call belongs into an AOF.
func (ap *Applier) admit(call *command.Call, f admit.Fault) error {
	if v := admit.Judge(&theLoader, 0, call, f); v.Refused() {
		return errors.New(v.Text(&theLoader, call, ""))
	}
	return nil
}

// Apply implements persistence.Applier.
func (ap *Applier) Apply(recs []resp.Args) (done int, err error) {
	ex := ap.ex
	for done < len(recs) {
		some := recs[done:min(done+resp.MaxBatch, len(recs))]
		b := ex.Batch
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
func (ap *Applier) run(b *resp.Batch) (done int, err error) {
	ex := ap.ex
	now := ap.ex.Env.NowMs()
	ex.Ctx.Client, ex.Ctx.DB = &ap.self, ap.self.DB
	ex.setClock(ex.Env.Wall(now))
	ex.Ctx.Now, ex.Ctx.Wall = 0, now
	ex.Prepare(ex.Ctx.DB, b)
	ap.out.Reset()
	ex.W.Bind(&ap.out, 2)
	defer ex.End()
	for i := range b.N {
		cl, rec := &ex.Calls[i], b.Cmds[i].Args
		ex.TouchAhead(cl.To)
		ex.Ctx.Call = command.Call{Spec: cl.Spec, Args: rec, Keys: ex.Keys[cl.From:cl.To]}
		if err := ap.admit(&ex.Ctx.Call, cl.Fault); err != nil {
			return i, err
		}
		ap.call()
		if ex.W.Errors() > 0 {
			ex.W.TakeErrors()
			ex.W.Flush()
			return i, fmt.Errorf("'%s' fails: %s", cl.Spec.FullName, ap.lastError())
		}
	}
	ex.W.Flush()
	return b.N, nil
}

// call invokes the context's call under the locks of its shards.
func (ap *Applier) call() {
	c, st := &ap.ex.Ctx, ap.ex.Env.Store
	held := shardsOf(c.Keys)
	st.LockSet(&held)
	c.Spec.Handler(c) // it stands in the journal already, and counts for nobody
	st.UnlockSet(&held)
}

// Finish hands the keys that blocked clients wait for to the workers, who serve them when
// everything is loaded.
func (ap *Applier) Finish() {
	for i := range ap.ex.Wakes.ready {
		ap.ex.Env.Kept.add(ap.ex.Wakes.ready[i].q)
	}
}

// lastError is the text of the error reply that came last.
func (ap *Applier) lastError() string {
	text := ap.out.Bytes()
	if i := bytes.LastIndexByte(text, '-'); i >= 0 {
		text = text[bytes.LastIndex(text[:i+1], []byte("\r\n"))+1:]
	}
	return strings.Trim(string(text[max(0, len(text)-errorPreviewBytes):]), "\r\n-")
}
