package exec

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is the look-ahead: before a batch runs, its calls are resolved and the cache lines
// that they will need are asked for.

// BatchCall is one command of a batch, resolved by Prepare: its spec and its keys.
type BatchCall struct {
	Spec     *command.Spec // nil: unknown command
	From, To int32         // its keys in Executor.Keys
	Fault    admit.Fault
	Plain    bool              // see RunPlain; then there is no fault
	member   store.MemberPlace // where look-ahead has come to within the key's value
}

// Prepare is the look-ahead: it resolves every call of the batch, hashes
// all keys, touches every bucket and then every entry, so that their cache misses
// overlap. It runs before any lock is taken and only warms caches.
func (ex *Executor) Prepare(db int, b *resp.Batch) {
	st, table := ex.Env.Store, ex.Env.Table
	keys, members := ex.Keys[:0], 0
	for i := range b.N {
		args := b.Cmds[i].Args
		cl := &ex.Calls[i]
		spec := table.Lookup(args[0])
		// Field by field: see store.SetKey.
		cl.Spec, cl.From, cl.Fault, cl.Plain = spec, int32(len(keys)), admit.NoFault, false
		if at := spec.PlainKey(len(args)); at > 0 && len(keys) < cap(keys) {
			keys = keys[:len(keys)+1]
			st.SetKey(&keys[len(keys)-1], args[at])
			cl.Plain = true
			members |= spec.Member
		} else {
			keys = ex.resolve(keys, cl, args)
			if cl.Spec != nil {
				members |= cl.Spec.Member
			}
		}
		cl.To = int32(len(keys))
	}
	if len(keys) > len(ex.places) {
		ex.places, ex.stamps = make([]store.Place, cap(keys)), make([]uint32, cap(keys))
	}
	st.TouchBuckets(db, keys, ex.places, ex.stamps)
	ex.ahead = db
	ex.Keys, ex.touched, ex.named, ex.paged, ex.placed = keys, 0, 0, 0, 0
	ex.Members = members != 0
}

// resolve finds the subcommand and the keys of a call that is not plain, or cannot run.
func (ex *Executor) resolve(keys []store.Key, cl *BatchCall, args resp.Args) []store.Key {
	if cl.Spec == nil && ex.originals {
		cl.Spec = ex.Env.Table.Original(args[0])
	}
	spec := cl.Spec
	if spec == nil {
		return keys
	}
	if spec.Subs != nil && len(args) > 1 {
		sub := spec.LookupSub(args[1])
		if sub == nil {
			cl.Fault = admit.BadSubcommand
			return keys
		}
		spec, cl.Spec = sub, sub
	}
	if !spec.MatchesArity(len(args)) || spec.Handler == nil {
		cl.Fault = admit.BadArity
		return keys
	}
	keys, ok := ex.appendKeys(keys, &command.Call{Spec: spec, Args: args})
	if !ok {
		cl.Fault = admit.BadKeys // the handler sees no keys and reports the bad count itself
	}
	return keys
}

// TouchAhead is the second stage of look-ahead: it touches the entries of the keys up
// to lookAheadKeys beyond those of the call that runs next. In a row, 32 entries would
// ask for more lines than the processor has places for misses; spread over the calls
// they arrive while others run.
func (ex *Executor) TouchAhead(upTo int32) {
	end := min(int(upTo)+lookAheadKeys, len(ex.Keys))
	for ; ex.touched < end; ex.touched++ {
		ex.places[ex.touched] = store.TouchEntry(ex.places[ex.touched], &ex.Keys[ex.touched])
	}
}

// TouchMembers are the further stages, for calls that name a member of a value: before
// call i of b runs they ask for what leads to the page of one call's member, for the page
// of another's, which runs sooner, and for the record of a third one's.
func (ex *Executor) TouchMembers(db int, b *resp.Batch, i int) {
	st := ex.Env.Store
	for end := min(i+lookAheadWords, b.N); ex.named < end; ex.named++ {
		cl := &ex.Calls[ex.named]
		cl.member = store.MemberPlace{}
		if cl.Spec == nil || cl.Spec.Member == 0 || cl.To != cl.From+1 {
			continue
		}
		if args := b.Cmds[ex.named].Args; cl.Spec.Member < len(args) {
			last := &ex.Calls[max(ex.named-1, 0)].member
			st.TouchMember(db, &ex.Keys[cl.From], args[cl.Spec.Member], &cl.member, last)
		}
	}
	for end := min(i+lookAheadPages, b.N); ex.paged < end; ex.paged++ {
		ex.Calls[ex.paged].member.TouchMemberPage()
	}
	for end := min(i+lookAheadRecords, b.N); ex.placed < end; ex.placed++ {
		ex.Calls[ex.placed].member.TouchMemberRecord()
	}
}

// appendKeys hashes the keys of a call; false: their number is wrong.
func (ex *Executor) appendKeys(keys []store.Key, call *command.Call) ([]store.Key, bool) {
	if k := call.Spec.SimpleKey(); k > 0 {
		return append(keys, ex.Env.Store.MakeKey(call.Args[k])), true
	}
	if call.Spec.Keys == nil {
		return keys, true
	}
	idx, ok := call.Spec.AppendKeys(ex.idx[:0], call.Args)
	ex.idx = idx
	if !ok {
		return keys, false
	}
	for _, i := range idx {
		keys = append(keys, ex.Env.Store.MakeKey(call.Args[i]))
	}
	return keys, true
}
