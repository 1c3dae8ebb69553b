package command

import (
	"strings"

	"github.com/kringdb/kring/resp"
)

// KeyFlag says what a command does with the keys of a KeySpec (COMMAND INFO names).
type KeyFlag uint16

const (
	KeyRW            KeyFlag = 1 << iota // reads and writes the value
	KeyRO                                // only reads
	KeyOW                                // overwrites without reading
	KeyRM                                // removes the key
	KeyAccess                            // returns or uses the user data of the value
	KeyUpdate                            // updates data
	KeyInsert                            // adds data
	KeyDelete                            // removes data
	KeyNotKey                            // not a key although it looks like one
	KeyIncomplete                        // the spec may miss keys
	KeyVariableFlags                     // flags depend on the arguments
)

var keyFlagNames = []struct {
	flag KeyFlag
	name string
}{
	{KeyRW, "RW"}, {KeyRO, "RO"}, {KeyOW, "OW"}, {KeyRM, "RM"},
	{KeyAccess, "access"}, {KeyUpdate, "update"}, {KeyInsert, "insert"}, {KeyDelete, "delete"},
	{KeyNotKey, "not_key"}, {KeyIncomplete, "incomplete"}, {KeyVariableFlags, "variable_flags"},
}

// Names returns the flag names as COMMAND INFO shows them.
func (f KeyFlag) Names() []string {
	var out []string
	for _, fn := range keyFlagNames {
		if f&fn.flag != 0 {
			out = append(out, fn.name)
		}
	}
	return out
}

// KeySpec says where keys stand, with the two steps of Redis 7's key
// specifications: find the first argument, then find the keys from there.
// https://redis.io/docs/latest/develop/reference/key-specs/
type KeySpec struct {
	Flags KeyFlag
	Notes string

	// Begin: at Index, or after Keyword, searched from StartFrom (negative: from the end, backwards).
	Index     int
	Keyword   string
	StartFrom int

	// Find: a range of Last (relative to the first; -1: to the end, -2: one before, ...),
	// Step and Limit; or, when KeyNum is set, a count at NumIdx and keys from FirstKey on.
	Last, Step, Limit int
	KeyNum            bool
	NumIdx, FirstKey  int

	// Unknown: no rule tells where the key stands. Find, if there is one, finds it, or
	// rather than Index or the first Keyword what counts: the index of one key, 0 for none.
	Unknown bool
	Find    func(args resp.Args) int
}

// KeyAt is the KeySpec of one key at argument index i.
func KeyAt(i int, f KeyFlag) KeySpec { return KeySpec{Flags: f, Index: i, Last: 0, Step: 1} }

// KeyRange is the KeySpec of keys from index first up to last (relative to first
// when >= 0, from the end of the arguments when negative), each step apart.
func KeyRange(first, last, step int, f KeyFlag) KeySpec {
	return KeySpec{Flags: f, Index: first, Last: last, Step: step}
}

// KeyCount is the KeySpec of a count at index numIdx followed by that many keys.
func KeyCount(numIdx int, f KeyFlag) KeySpec {
	return KeySpec{Flags: f, Index: numIdx, KeyNum: true, NumIdx: 0, FirstKey: 1, Step: 1}
}

// AppendKeys appends the argument indexes of all keys of a call to dst. ok is false
// when the arguments do not fit the key specs (a count that is no number, or larger
// than the arguments). No allocation when dst has room.
func (s *Spec) AppendKeys(dst []int, args resp.Args) (idx []int, ok bool) {
	for i := range s.Keys {
		if dst, ok = s.Keys[i].append(dst, args); !ok {
			return dst, false
		}
	}
	return dst, true
}

// EachKey calls fn with the argument index and the flags of every key of a call until fn
// returns false. Calls whose arguments do not fit the key specs have no keys.
func (s *Spec) EachKey(args resp.Args, fn func(i int, f KeyFlag) bool) {
	var room [8]int
	for i := range s.Keys {
		idx, ok := s.Keys[i].append(room[:0], args)
		if !ok {
			return
		}
		f := s.flagsOf(i, args)
		for _, at := range idx {
			if !fn(at, f) {
				return
			}
		}
	}
}

func (k *KeySpec) append(dst []int, args resp.Args) ([]int, bool) {
	if k.Flags&KeyNotKey != 0 {
		return dst, true
	}
	if k.Unknown {
		if k.Find != nil {
			if at := k.Find(args); at > 0 {
				dst = append(dst, at)
			}
		}
		return dst, true
	}
	first := k.begin(args)
	if k.Find != nil {
		first = k.Find(args)
	}
	if first == 0 || first >= len(args) {
		return dst, k.Keyword != "" || k.Last < 0 || k.Find != nil
	}
	if k.KeyNum {
		return k.appendCounted(dst, args, first)
	}
	last := first + k.Last
	if k.Last < 0 {
		last = len(args) + k.Last
		if k.Last == -1 && k.Limit > 1 {
			last = first + (len(args)-first)/k.Limit - 1
		}
	}
	if last >= len(args) {
		last = len(args) - 1
	}
	for i := first; i <= last; i += k.Step {
		dst = append(dst, i)
	}
	return dst, true
}

func (k *KeySpec) appendCounted(dst []int, args resp.Args, first int) ([]int, bool) {
	at := first + k.NumIdx
	if at >= len(args) {
		return dst, false
	}
	n, ok := resp.ParseInt(args[at])
	if !ok || n < 0 || n > int64(len(args)) {
		return dst, false
	}
	from := first + k.FirstKey
	if from+int(n-1)*k.Step >= len(args) {
		return dst, false
	}
	for i := 0; i < int(n); i++ {
		dst = append(dst, from+i*k.Step)
	}
	return dst, true
}

// begin returns the index at which the key search starts, 0 when there is none.
func (k *KeySpec) begin(args resp.Args) int {
	if k.Keyword == "" {
		return k.Index
	}
	if k.StartFrom >= 0 {
		for i := k.StartFrom; i < len(args); i++ {
			if strings.EqualFold(string(args[i]), k.Keyword) {
				return i + 1
			}
		}
		return 0
	}
	for i := len(args) + k.StartFrom; i > 0; i-- {
		if strings.EqualFold(string(args[i]), k.Keyword) {
			return i + 1
		}
	}
	return 0
}

// deriveRange computes the legacy first/last/step triple of COMMAND INFO from the
// key specs, and whether the keys are movable.
func (s *Spec) deriveRange() {
	s.simpleKeys = len(s.Keys) == 1 && !s.Keys[0].KeyNum && s.Keys[0].Keyword == "" && s.Keys[0].Limit <= 1
	for i := range s.Keys {
		k := &s.Keys[i]
		if k.KeyNum || k.Unknown || k.Keyword != "" || k.Flags&KeyIncomplete != 0 {
			s.Flags |= MovableKeys
		}
		if k.Unknown || k.Keyword != "" || k.KeyNum {
			continue
		}
		last := k.Last
		if last >= 0 {
			last += k.Index
		}
		if s.first == 0 {
			s.first, s.last, s.step = k.Index, last, k.Step
		} else if k.Index == s.last+s.step || s.last >= 0 && last > s.last {
			s.last = last
		}
	}
}

// SimpleKey returns the index of the only key of a command with exactly one key at a
// fixed place, or 0. The dispatcher's fast path uses it.
func (s *Spec) SimpleKey() int {
	if s.simpleKeys && s.Keys[0].Last == 0 {
		return s.Keys[0].Index
	}
	return 0
}

// KeyRange returns the legacy first, last and step of COMMAND INFO.
func (s *Spec) KeyRange() (first, last, step int) { return s.first, s.last, s.step }
