package observe

import (
	"slices"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// This file times transactions. The calls of one that are all short are timed together; and
// transactions that have come whole, one after the other, are a group.

// BeginTogether says whether the calls that follow, of a transaction, are timed together.
func (m *Meter) BeginTogether(on bool) { m.together = on }

// EndTogether is for a transaction that has not run.
func (m *Meter) EndTogether() { m.together = false }

// CountExec counts an EXEC, whose time is that of all its calls since from, and those of
// its calls that were not timed by themselves, the first of specs, each with an equal share.
func (m *Meter) CountExec(from int64, specs []*command.Spec, failed bool) {
	m.mark = from
	m.Count(m.ctx, m.ctx.Spec, failed)
	if m.ran > 0 {
		share := (m.mark - from) / int64(m.ran)
		for _, spec := range specs[:m.ran] {
			m.Calls.Call(spec.ID, share, false, m.timed)
		}
	}
	m.together, m.ran = false, 0
}

// wholeGroup is what callGroup is for transactions in a row: their calls by command. Each
// call gets an equal share of the time, each EXEC that of a whole transaction.
type wholeGroup struct {
	specs [wholeSpecs]*command.Spec
	calls [wholeSpecs]int64
	n     int   // of specs
	total int64 // calls
}

// BeginWhole begins a transaction that has come whole, with the EXEC exec, and returns how many
// were just before it: EndWhole wants to know.
func (m *Meter) BeginWhole(exec *command.Spec) (before int64) {
	m.Next(exec)
	before = m.group.calls
	m.group.calls = 0
	return before
}

// AddToWhole adds a call of such a transaction, its MULTI among them, that is about to be counted by
// EndWhole.
func (m *Meter) AddToWhole(spec *command.Spec) { m.wholes.add(spec) }

// EndWhole counts a transaction that has come whole, whose calls were added; the context's call is
// its EXEC. The clock is read when the group ends.
func (m *Meter) EndWhole(before int64) {
	m.ran = 0
	g := &m.group
	g.spec, g.args, g.calls = m.ctx.Spec, m.ctx.Args, before+1
	if m.wholes.n > wholeSpecs-resp.MaxBatch {
		m.CloseGroup()
	}
}

// DropWhole ends one that is begun again, as if it had not been; its calls are taken back by themselves.
func (m *Meter) DropWhole(before int64) { m.ran, m.group.calls = 0, before }

// TakeFromWhole takes a call back that AddToWhole has added.
func (m *Meter) TakeFromWhole(spec *command.Spec, failed bool) {
	m.wholes.take(spec)
	if failed {
		m.Calls.Unfail(spec.ID)
	}
}

func (w *wholeGroup) take(spec *command.Spec) {
	i := slices.Index(w.specs[:w.n], spec)
	w.total--
	if w.calls[i]--; w.calls[i] == 0 {
		w.n--
		w.specs[i], w.calls[i] = w.specs[w.n], w.calls[w.n]
	}
}

func (w *wholeGroup) add(spec *command.Spec) {
	w.total++
	for i := range w.n {
		if w.specs[i] == spec {
			w.calls[i]++
			return
		}
	}
	w.specs[w.n], w.calls[w.n] = spec, 1
	w.n++
}

// closeWholes counts the calls within transactions that took so long together.
func (m *Meter) closeWholes(took int64) {
	w := &m.wholes
	for i, spec := range w.specs[:w.n] {
		m.Calls.Calls(spec.ID, w.calls[i], took*w.calls[i]/w.total, m.timed)
	}
	w.n, w.total = 0, 0
}
