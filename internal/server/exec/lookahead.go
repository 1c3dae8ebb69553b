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
	From, To int32         // its keys in lookAhead.Keys
	Fault    admit.Fault
	Plain    bool              // see RunPlain; then there is no fault
	again    bool              // it is plain, fast, and of the key of the call before, if that is plain
	member   store.MemberPlace // where look-ahead has come to within the key's value
}

// lookAhead is the calls of the batch that an executor runs, and how far it has come with asking for
// what they need. Its keys serve calls that come alone as well.
type lookAhead struct {
	store *store.Store
	table *command.Table

	Calls     [resp.MaxBatch]BatchCall
	Keys      []store.Key // of all of them
	idx       []int       // of the keys among a call's arguments
	last      int         // the last call of the batch that is not plain; 0: there is none, or it is the first
	originals bool        // commands are also known by the names that they had before rename-command

	places  []store.Place // how far it is with the keys; at least as long
	stamps  []uint32      // see store.TouchBuckets
	ahead   int           // the database that it looks into
	touched int           // how many of keys TouchAhead has touched
	named   int           // up to which call TouchMembers has asked for directory words,
	Members bool          // whether there are any calls for it in the batch
	paged   int           // for pages
	placed  int           // and for records
}

// Prepare is the look-ahead: it resolves every call of the batch, hashes
// all keys, touches every bucket and then every entry, so that their cache misses
// overlap. It runs before any lock is taken and only warms caches.
func (la *lookAhead) Prepare(db int, b *resp.Batch) {
	st, table := la.store, la.table
	keys, members, last := la.Keys[:0], 0, 0
	for i := range b.N {
		args := b.Cmds[i].Args
		cl := &la.Calls[i]
		spec := table.Lookup(args[0])
		// Field by field: see store.SetKey.
		cl.Spec, cl.From, cl.Fault, cl.Plain, cl.again = spec, int32(len(keys)), admit.NoFault, false, false
		if at, n := spec.PlainKey(len(args)), len(keys); at > 0 && n < cap(keys) {
			keys = keys[:n+1]
			if n == 0 || !keys[n].SetLike(&keys[n-1], args[at]) {
				st.SetKey(&keys[n], args[at])
			} else {
				cl.again = spec.Flags&command.Fast != 0
			}
			cl.Plain = true
			members |= spec.Member
		} else {
			last = i
			keys = la.resolve(keys, cl, args)
			if cl.Spec != nil {
				members |= cl.Spec.Member
			}
		}
		cl.To = int32(len(keys))
	}
	if len(keys) > len(la.places) {
		la.places, la.stamps = make([]store.Place, cap(keys)), make([]uint32, cap(keys))
	}
	st.TouchBuckets(db, keys, la.places, la.stamps)
	la.ahead = db
	la.Keys, la.touched, la.named, la.paged, la.placed = keys, 0, 0, 0, 0
	la.Members = members != 0
	la.last = last
}

// resolve finds the subcommand and the keys of a call that is not plain, or cannot run.
func (la *lookAhead) resolve(keys []store.Key, cl *BatchCall, args resp.Args) []store.Key {
	if cl.Spec == nil && la.originals {
		cl.Spec = la.table.Original(args[0])
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
	keys, ok := la.appendKeys(keys, &command.Call{Spec: spec, Args: args})
	if !ok {
		cl.Fault = admit.BadKeys // the handler sees no keys and reports the bad count itself
	}
	return keys
}

// TouchAhead is the second stage of look-ahead: it touches the entries of the keys up
// to lookAheadKeys beyond those of the call that runs next. In a row, 32 entries would
// ask for more lines than the processor has places for misses; spread over the calls
// they arrive while others run.
func (la *lookAhead) TouchAhead(upTo int32) {
	end := min(int(upTo)+lookAheadKeys, len(la.Keys))
	for ; la.touched < end; la.touched++ {
		k := &la.Keys[la.touched]
		if at := la.touched; at > 0 && k.Same(&la.Keys[at-1]) {
			la.places[at] = la.places[at-1]
			continue
		}
		slot := store.TouchEntry(la.places[la.touched], k)
		if la.places[la.touched] = slot; slot == 0 {
			la.store.TouchCount(la.ahead, k)
		}
	}
}

// TouchMembers are the further stages, for calls that name a member of a value: before
// call i of b runs they ask for what leads to the page of one call's member, for the page
// of another's, which runs sooner, and for the record of a third one's.
func (la *lookAhead) TouchMembers(db int, b *resp.Batch, i int) {
	st := la.store
	for end := min(i+lookAheadWords, b.N); la.named < end; la.named++ {
		cl := &la.Calls[la.named]
		cl.member = store.MemberPlace{}
		if cl.Spec == nil || cl.Spec.Member == 0 || cl.To != cl.From+1 {
			continue
		}
		if args := b.Cmds[la.named].Args; cl.Spec.Member < len(args) {
			last := &la.Calls[max(la.named-1, 0)].member
			st.TouchMember(db, &la.Keys[cl.From], args[cl.Spec.Member], &cl.member, last)
		}
	}
	for end := min(i+lookAheadPages, b.N); la.paged < end; la.paged++ {
		la.Calls[la.paged].member.TouchMemberPage()
	}
	for end := min(i+lookAheadRecords, b.N); la.placed < end; la.placed++ {
		la.Calls[la.placed].member.TouchMemberRecord()
	}
}

// appendKeys hashes the keys of a call; false: their number is wrong.
func (la *lookAhead) appendKeys(keys []store.Key, call *command.Call) ([]store.Key, bool) {
	if k := call.Spec.SimpleKey(); k > 0 {
		return la.appendKey(keys, call.Args[k]), true
	}
	if call.Spec.Keys == nil {
		return keys, true
	}
	idx, ok := call.Spec.AppendKeys(la.idx[:0], call.Args)
	la.idx = idx
	if !ok {
		return keys, false
	}
	for _, i := range idx {
		keys = la.appendKey(keys, call.Args[i])
	}
	return keys, true
}

// appendKey hashes a key in the place where it goes: see store.SetKey.
func (la *lookAhead) appendKey(keys []store.Key, name []byte) []store.Key {
	n := len(keys)
	if n == cap(keys) {
		return append(keys, la.store.MakeKey(name))
	}
	keys = keys[:n+1]
	la.store.SetKey(&keys[n], name)
	return keys
}

// shrink lets go of buffers that a call with very many keys has left.
func (la *lookAhead) shrink() {
	if cap(la.Keys) > keepKeysEntries {
		la.Keys, la.places, la.stamps, la.idx = nil, nil, nil, nil
	}
}
