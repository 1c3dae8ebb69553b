package keeper

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// Survey is a walk over all keys, that remembers the largest and what each type takes. done is for
// everybody.
type Survey struct {
	db     int
	cursor uint64
	found  []command.BigKey // in descending order of bytes
	types  [surveyTypes]TypeSum
	begun  int64 // the server's pulses when it began
	done   atomic.Pointer[Surveyed]
}

// TypeSum is what the keys of a type take together.
type TypeSum struct{ Keys, Bytes int64 }

// Surveyed is what a whole survey found. It is never changed.
type Surveyed struct {
	Big   []command.BigKey // in descending order of bytes
	Types [surveyTypes]TypeSum
}

// look goes on with the survey for one tick, which is so long after the one before. When one is
// complete, another begins only after a pulse: as long as there is none, nothing changes. Only the
// keeper calls it.
func (v *Survey) look(st *store.Store, hand Hand, pulses int64, passed time.Duration) {
	if v.db == 0 && v.cursor == 0 {
		if v.begun == pulses && v.done.Load() != nil {
			return
		}
		v.begun = pulses
	}
	if v.cursor == 0 && st.Len(v.db) == 0 {
		v.nextDB(st)
		return
	}
	part := min(max(st.Len(v.db)/surveyTicks, surveyLeast), surveyMost)
	part *= int(min(max(passed.Milliseconds()/tickMs, 1), slowTick.Milliseconds()/tickMs))
	for seen := 0; seen < part; seen += surveyStep {
		hand.Lock()
		if st.Barred() { // it would wait, with its gate, for a script
			hand.Unlock()
			return
		}
		done := v.Step(st)
		hand.Unlock()
		if done {
			v.nextDB(st)
			return
		}
	}
}

// Step goes on for some keys under one hold of a lock, and tells whether the database is at its end.
func (v *Survey) Step(st *store.Store) (done bool) {
	v.cursor = st.Walk(v.db, v.cursor, surveyStep, func(e store.Entry) { v.meet(st, e) })
	return v.cursor == 0
}

// nextDB goes on to the next database that has keys, and publishes after the last.
func (v *Survey) nextDB(st *store.Store) {
	for v.db++; v.db < st.Databases(); v.db++ {
		if st.Len(v.db) > 0 {
			return
		}
	}
	v.done.Store(&Surveyed{slices.Clone(v.found), v.types})
	v.db, v.found, v.types = 0, v.found[:0], [surveyTypes]TypeSum{}
}

// meet counts an entry, and remembers it if it is among the largest so far. It runs under the lock of
// the entry's shard.
func (v *Survey) meet(st *store.Store, e store.Entry) {
	bytes := st.MemoryUsage(e)
	sum := &v.types[e.Type()%surveyTypes]
	sum.Keys++
	sum.Bytes += bytes
	if len(v.found) == surveyKeep && v.found[surveyKeep-1].Bytes >= bytes {
		return
	}
	k := command.BigKey{DB: v.db, Name: string(e.Key()), Type: e.Type().String(), Bytes: bytes}
	at, _ := slices.BinarySearchFunc(v.found, k, func(a, b command.BigKey) int { return int(min(max(b.Bytes-a.Bytes, -1), 1)) })
	if len(v.found) == surveyKeep {
		v.found = v.found[:surveyKeep-1]
	}
	v.found = slices.Insert(v.found, at, k)
}

// Surveyed returns what the last whole survey found, nil before there is one.
func (k *Keeper) Surveyed() *Surveyed { return k.survey.done.Load() }
