package lua

import (
	"sync"
	"unsafe"
)

// String is a Lua string: bytes that never change, behind a header of 8 bytes, in one
// allocation without pointers. It is created by newString only.
type String struct {
	n    uint32
	hash uint32 // 0: not computed yet, or really 0
}

const (
	stringHeader = 8
	// maxString is the length that no string exceeds, whatever the limit of memory.
	maxString = 1<<31 - 1<<16
)

// newString returns a string of n bytes and these bytes, to be filled before anybody
// else sees it.
func newString(n int) (*String, []byte) {
	if n > maxString {
		panic(errMemory)
	}
	return stringIn(make([]uint64, stringWords(n)), n)
}

// stringIn makes a string of n bytes in memory that is large enough.
func stringIn(words []uint64, n int) (*String, []byte) {
	s := (*String)(unsafe.Pointer(unsafe.SliceData(words)))
	s.n, s.hash = uint32(n), 0
	return s, unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(s), stringHeader)), n)
}

// stringWords is how many words a string of n bytes takes. There is always a byte behind the
// header: a pointer behind the end of a block would keep its neighbour.
func stringWords(n int) int { return (stringHeader + max(n, 1) + 7) / 8 }

// stringSize is what a string of n bytes counts for in the account.
func stringSize(n int) int { return stringWords(n)*8 + 8 }

var emptyString = Intern("")

// makeString copies b into a new string that no account knows.
func makeString(b string) *String {
	s, dst := newString(len(b))
	copy(dst, b)
	return s
}

// Len returns the length in bytes.
func (s *String) Len() int { return int(s.n) }

// String returns the bytes without copying them.
func (s *String) String() string {
	return unsafe.String((*byte)(unsafe.Add(unsafe.Pointer(s), stringHeader)), int(s.n))
}

// Bytes returns the bytes without copying them. They must not be changed.
func (s *String) Bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(s), stringHeader)), int(s.n))
}

func (s *String) equal(o *String) bool {
	return s == o || s.n == o.n && s.String() == o.String()
}

// hashOf is the hash that decides the order of a table's nodes; it is PUC Lua's with the
// seed that Redis uses, since scripts can see the order. Of a long string it takes at
// most 32 bytes or so.
func hashOf(b string) uint32 {
	h := uint32(len(b))
	step := len(b)>>5 + 1
	for i := len(b); i >= step; i -= step {
		h ^= h<<5 + h>>2 + uint32(b[i-1])
	}
	return h
}

// sum returns the hash and remembers it. A string that several goroutines share has been
// hashed before it was shared.
func (s *String) sum() uint32 {
	if s.hash == 0 {
		if h := hashOf(s.String()); h != 0 {
			s.hash = h
		}
	}
	return s.hash
}

// interned are the strings that exist once per process: names of libraries and of their
// fields, which scripts also have as constants. Equal pointers make lookups fast.
var interned struct {
	sync.RWMutex
	m map[string]*String
}

// Intern returns the one string of the process with these bytes. It is for names that
// the program knows, not for data: they are kept for ever.
func Intern(name string) *String {
	interned.Lock()
	defer interned.Unlock()
	if s := interned.m[name]; s != nil {
		return s
	}
	if interned.m == nil {
		interned.m = map[string]*String{}
	}
	s := makeString(name)
	s.sum()
	interned.m[name] = s
	return s
}

// lookupInterned returns the interned string with these bytes, or nil.
func lookupInterned(name string) *String {
	interned.RLock()
	defer interned.RUnlock()
	return interned.m[name]
}

// cacheSize is the number of recent short strings that a State remembers.
const (
	cacheSize    = 1024
	cacheMaxLen  = 40
	cacheEntries = cacheSize - 1
)

// Cached returns a string with the bytes of b, the same as an earlier call if it is still
// remembered: equal keys and arguments of one call after the other cost no allocation.
func (st *State) Cached(b []byte) Value {
	if len(b) > cacheMaxLen || st.scratch != nil {
		return st.String(b)
	}
	h := hashOf(unsafe.String(unsafe.SliceData(b), len(b)))
	e := &st.cache[h&cacheEntries]
	if s := *e; s != nil && s.String() == string(b) {
		return StringValue(s)
	}
	v := st.String(b)
	v.str().hash = h
	*e = v.str()
	return v
}

// String copies b into a new string, which the account counts.
func (st *State) String(b []byte) Value {
	if len(b) == 0 {
		return StringValue(emptyString)
	}
	s, dst := st.newString(len(b))
	copy(dst, b)
	return StringValue(s)
}

// newString returns a new string of n bytes and these bytes, to be filled before
// anybody else sees it. The account counts it.
func (st *State) newString(n int) (*String, []byte) {
	if s := st.scratch; s != nil && n <= scratchString {
		if at, size := s.usedWords, stringWords(n); at+size <= len(s.words) {
			s.usedWords = at + size
			return stringIn(s.words[at:at+size], n)
		}
	}
	st.charge(stringSize(n))
	return newString(n)
}

// StringOf is String for a Go string.
func (st *State) StringOf(b string) Value {
	if len(b) == 0 {
		return StringValue(emptyString)
	}
	s, dst := st.newString(len(b))
	copy(dst, b)
	return StringValue(s)
}

// Concat returns a string of the two parts, which the account counts.
func (st *State) concat2(a, b string) Value {
	if len(a)+len(b) == 0 {
		return StringValue(emptyString)
	}
	s, dst := st.newString(len(a) + len(b))
	copy(dst[copy(dst, a):], b)
	return StringValue(s)
}
