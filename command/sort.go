package command

import (
	"bytes"
	"slices"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/list"
)

const (
	sortSyntax = "key [BY by-pattern:pattern] [LIMIT (offset:integer count:integer)] [GET get-pattern:pattern]... [<ASC | DESC>] [ALPHA]"
	sortEffort = "O(N+M*log(M)) where N is the number of elements of the collection and M the number of elements to sort."
)

var sortSpecs = []*Spec{
	{
		Name: "sort", Arity: -2, Flags: Write | DenyOOM | Dangerous, Group: GroupGeneric, ACLGroups: sortGroups, Handler: sortAny,
		Cost: sortCost, AllShards: sortNeedsAll, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess), sortForeign, {
			Flags: KeyOW | KeyUpdate, Unknown: true, Find: sortStoreAt,
			Notes: "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
		}},
		Since: "1.0.0", Complexity: sortEffort, Summary: "Sorts the elements of a list, a set or a sorted set; returns or stores them.",
		Syntax: sortSyntax + " [STORE destination]",
	},
	{
		Name: "sort_ro", Arity: -2, Flags: ReadOnly | Dangerous, Group: GroupGeneric, ACLGroups: sortGroups, Handler: sortAny,
		Cost: sortCost, AllShards: sortNeedsAll, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess), sortForeign},
		Since: "7.0.0", Complexity: sortEffort, Summary: "Sorts the elements of a list, a set or a sorted set and returns them.",
		Syntax: sortSyntax,
	},
}

var sortGroups = []Group{GroupSet, GroupSortedSet, GroupList}

var sortForeign = KeySpec{
	Flags: KeyRO | KeyAccess, Unknown: true,
	Notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
}

// sortCall is a parsed SORT.
type sortCall struct {
	by      []byte   // the pattern of the keys that decide; nil: the elements themselves
	gets    [][]byte // what is returned for each element instead of itself
	noSort  bool     // BY names no key
	desc    bool
	alpha   bool
	offset  int64
	count   int64 // negative: no limit
	storeAt int   // index of the destination, 0: none
}

// sortWords walks over the options and calls fn with the index of each known one and the
// number of its arguments. It stops, returning the index, at what is no option.
func sortWords(args resp.Args, fn func(i, n int)) (stop int) {
	i := 2
	for i < len(args) {
		a, n := args[i], 0
		switch left := len(args) - i - 1; {
		case equalFold(a, "asc") || equalFold(a, "desc") || equalFold(a, "alpha"):
		case left >= 2 && equalFold(a, "limit"):
			n = 2
		case left >= 1 && (equalFold(a, "by") || equalFold(a, "get") || equalFold(a, "store")):
			n = 1
		default:
			return i
		}
		fn(i, n)
		i += 1 + n
	}
	return i
}

// sortStoreAt finds the destination: the last one counts.
func sortStoreAt(args resp.Args) (at int) {
	sortWords(args, func(i, n int) {
		if equalFold(args[i], "store") {
			at = i + 1
		}
	})
	return at
}

// sortNeedsAll tells whether a call reads keys that only the elements name.
func sortNeedsAll(args resp.Args) (all bool) {
	sortWords(args, func(i, n int) {
		if n == 1 && !equalFold(args[i], "store") && bytes.IndexByte(args[i+1], '*') >= 0 {
			all = true
		}
	})
	return all
}

// parseSort reads the options; it replies the error itself.
func parseSort(c *Ctx) (p sortCall, ok bool) {
	p.count, ok = -1, true
	limited := !c.Host.Users.ReadsAllKeys(c)
	deny := func(option string) {
		ok = false
		c.W.Error("ERR " + option + " option of SORT denied due to insufficient ACL permissions.")
	}
	strays := func(option string, pattern []byte) bool {
		if c.Host.Cluster == nil || patternWithin(pattern, c.Keys[0].Name) {
			return false
		}
		ok = false
		c.W.Error("ERR " + option + " option of SORT denied in cluster mode when keys formed by the pattern may be in different slots.")
		return true
	}
	stop := sortWords(c.Args, func(i, n int) {
		if !ok {
			return
		}
		switch c.Args[i][0] | 0x20 {
		case 'a':
			if equalFold(c.Args[i], "alpha") {
				p.alpha = true
			} else {
				p.desc = false
			}
		case 'd':
			p.desc = true
		case 'l':
			if p.offset, ok = c.Int(i + 1); ok {
				p.count, ok = c.Int(i + 2)
			}
		case 'b':
			p.by = c.Args[i+1]
			if bytes.IndexByte(p.by, '*') < 0 {
				p.noSort = true
			} else if !strays("BY", p.by) && limited {
				deny("BY")
			}
		case 'g':
			if get := c.Args[i+1]; string(get) != "#" && strays("GET", get) {
				return
			}
			if limited {
				deny("GET")
			}
			p.gets = append(p.gets, c.Args[i+1])
		case 's':
			if c.Spec.Flags&Write == 0 {
				c.W.Error(ErrSyntax)
				ok = false
			}
			p.storeAt = i + 1
		}
	})
	if ok && stop < len(c.Args) {
		c.W.Error(ErrSyntax)
		return p, false
	}
	return p, ok
}

// patternWithin tells whether all keys that a pattern can form are in the hash slot of key: what stands
// in its braces decides that, if no * comes before their end.
func patternWithin(pattern, key []byte) bool {
	open := bytes.IndexByte(pattern, '{')
	if open < 0 {
		return false
	}
	end := bytes.IndexByte(pattern[open:], '}')
	if end < 2 || bytes.IndexByte(pattern[:open+end], '*') >= 0 {
		return false
	}
	return cluster.KeySlot(pattern) == cluster.KeySlot(key)
}

// within clips LIMIT to n elements, as Redis does, and returns the range that is wanted.
func (p *sortCall) within(n int64) (from, count int64) {
	from = min(max(p.offset, 0), n)
	count = n - from
	if p.count >= 0 {
		count = min(count, p.count)
	}
	return from, count
}

func sortAny(c *Ctx) {
	p, ok := parseSort(c)
	if !ok {
		return
	}
	e := c.Read(c.Keys[0])
	if e.A != 0 {
		switch e.Type() {
		case entry.List, entry.Set, entry.ZSet:
		default:
			c.W.Error(ErrWrongType)
			return
		}
	}
	if p.noSort && e.A != 0 && e.Type() == entry.Set && p.storeAt > 0 {
		// A set has no order that would be the same elsewhere: as in Redis it gets one.
		p.noSort, p.alpha, p.by = false, true, nil
	}
	s := sorter{c: c, call: &p}
	s.load(e)
	if !p.noSort {
		if !s.weigh() {
			c.W.Error("ERR One or more scores can't be converted into double")
			return
		}
		s.sort(e)
	}
	if s.halted {
		return
	}
	if p.storeAt > 0 {
		s.store()
	} else {
		s.reply()
	}
}

// store makes the result the list of the destination.
func (s *sorter) store() {
	c := s.c
	k := c.Keys[len(c.Keys)-1]
	elems := s.copies()
	if s.halted || !elementsFit(c, elems) {
		return
	}
	if len(elems) == 0 {
		if c.Find(k).A != 0 && c.Store.Delete(c.DB, k) {
			c.Changed(k, EventDel, 1)
			c.Effect("DEL", k.Name)
		}
		c.W.Int(0)
		return
	}
	c.Find(k) // so that a key which has expired ends first
	enc, n := list.Plan(elems, c.Limits.ListSize)
	e := c.Store.Put(c.DB, k, entry.List, enc, n, 0)
	list.Fill(c.Store.Edit(c.DB, k), e, list.Tail, elems, c.Limits.ListSize)
	c.Changed(k, EventSortStore, len(elems))
	c.W.Int(int64(len(elems)))
	// The keys that BY and GET name may be recorded elsewhere: the record holds the result.
	c.Effect("DEL", k.Name)
	for batch := range slices.Chunk(elems, storeBatch) {
		c.BeginEffect(2+len(batch), "RPUSH")
		c.EffectArg(k.Name)
		for _, v := range batch {
			c.EffectArg(v)
		}
	}
}

// elementsFit tells whether the store has a place for each element of a list; else it has replied an error. A string that
// GET has found may be longer than any argument.
func elementsFit(c *Ctx, elems [][]byte) bool {
	for _, v := range elems {
		if len(v) > entry.MaxElementBytes {
			c.W.Error("ERR an element is too long")
			return false
		}
	}
	return true
}

// sortCost estimates the lookups and comparisons of a call.
func sortCost(c *Ctx) int64 {
	e := c.Store.FindRaw(c.DB, c.Keys[0])
	if e.A == 0 {
		return 1
	}
	return elements(e) * int64(len(c.Args))
}
