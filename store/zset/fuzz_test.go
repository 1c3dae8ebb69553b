package zset

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// The model: a sorted slice.
type pair struct {
	member string
	score  float64
}

func less(a, b pair) bool {
	if a.score != b.score {
		return a.score < b.score
	}
	return a.member < b.member
}

type fuzzer struct {
	t      testing.TB
	ar     *arena.Arena
	e      entry.Entry
	model  []pair
	in     []byte
	limits Limits
}

func newFuzzer(t testing.TB, in []byte) *fuzzer {
	f := &fuzzer{t: t, ar: arena.New(), in: in, limits: Limits{Entries: 16, ValueBytes: 64}}
	switch f.next() % 4 {
	case 0:
		f.limits = Limits{Entries: 1 << 30, ValueBytes: 1 << 30}
	case 1:
		f.limits = Limits{}
	}
	f.create()
	return f
}

func (f *fuzzer) create() {
	f.e = entry.New(f.ar, []byte("key"), &entry.Spec{Type: entry.ZSet, Encoding: entry.Listpack, PayloadLen: EmptyBytes})
	Init(f.e)
}

func (f *fuzzer) next() int {
	if len(f.in) == 0 {
		return 0
	}
	b := f.in[0]
	f.in = f.in[1:]
	return int(b)
}

var oddScores = []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), 1, -1, 1.5, math.MaxFloat64, -math.MaxFloat64,
	math.SmallestNonzeroFloat64, 1e17, 3, 3, 3}

func (f *fuzzer) score() float64 {
	if b := f.next(); b < 128 {
		return oddScores[b%len(oddScores)]
	}
	return float64(f.next()) - 100
}

// member picks one of a few thousand, some of them long and with long common prefixes.
func (f *fuzzer) member() string {
	a, b := f.next(), f.next()
	m := fmt.Sprintf("%d:%d", a&31, b)
	switch {
	case a >= 250:
		return fmt.Sprintf("%0*d", 240+b, b)
	case a >= 240:
		return fmt.Sprintf("%0300d%s", 7, m)
	case a == 239:
		return ""
	}
	return m
}

func (f *fuzzer) find(m string) int {
	return slices.IndexFunc(f.model, func(p pair) bool { return p.member == m })
}

func (f *fuzzer) put(m string, s float64) {
	p := pair{m, s}
	i := sort.Search(len(f.model), func(i int) bool { return !less(f.model[i], p) })
	f.model = slices.Insert(f.model, i, p)
}

func (f *fuzzer) add(m string, s float64, flags Flags) {
	e, got, out := Add(f.ar, f.e, []byte(m), s, flags, f.limits)
	f.e = e
	i := f.find(m)
	want := Added
	switch {
	case i < 0 && flags&XX != 0:
		want = Nothing
	case i < 0:
		f.put(m, f.kept(s))
	default:
		now := f.model[i].score
		if s, want = decide(now, s, flags); want == Updated {
			f.model = slices.Delete(f.model, i, i+1)
			f.put(m, f.kept(s))
		}
	}
	if out != want || out != Nothing && out != NaN && got != s {
		f.t.Fatalf("Add(%q, %v, %d): %v, %v; want %v, %v", m, s, flags, got, out, s, want)
	}
}

// kept is the score that the set, as it is now, keeps of s.
func (f *fuzzer) kept(s float64) float64 {
	if s == 0 && isCompact(f.e) {
		return 0
	}
	return s
}

func (f *fuzzer) remove(m string) {
	i := f.find(m)
	e, ok := Remove(f.ar, f.e, []byte(m))
	if f.e = e; ok != (i >= 0) {
		f.t.Fatalf("Remove(%q): %v", m, ok)
	}
	if ok {
		f.model = slices.Delete(f.model, i, i+1)
		f.recreate()
	}
}

// recreate makes an emptied set anew, as the keyspace does.
func (f *fuzzer) recreate() {
	if len(f.model) == 0 {
		f.free()
		f.create()
	}
}

func (f *fuzzer) free() {
	if f.e.Encoding() == entry.Skiplist {
		var g value.Garbage
		out := FullOps.Outside(f.e)
		FullOps.Detach(f.e, &g)
		for n := 0; ; n++ {
			if left := FullOps.Bytes(&g); n == 0 && left != out {
				f.t.Fatalf("outside %d, garbage %d", out, left)
			}
			if FullOps.FreeStep(f.ar, &g, 1+n%3) {
				break
			}
		}
		if left := FullOps.Bytes(&g); left != 0 {
			f.t.Fatalf("%d bytes of garbage left", left)
		}
	}
	f.e.Free(f.ar)
	if used := f.ar.Used(); used != 0 {
		f.t.Fatalf("%d bytes left", used)
	}
}

func (f *fuzzer) verify() {
	if len(f.model) == 0 {
		return
	}
	if err := Check(f.e); err != nil {
		f.t.Fatal(err)
	}
	if n := Len(f.e); n != uint64(len(f.model)) {
		f.t.Fatalf("Len %d; want %d", n, len(f.model))
	}
	var it Iter
	it.Seek(f.e, 0, Len(f.e), false)
	for r, p := range f.model {
		if !it.Next() || string(it.Member()) != p.member || it.Score() != p.score || isNegZero(it.Score()) != isNegZero(p.score) {
			f.t.Fatalf("rank %d: %q %v; want %q %v", r, it.Member(), it.Score(), p.member, p.score)
		}
		if r%17 == 0 {
			rank, s, ok := Rank(f.e, []byte(p.member))
			if !ok || rank != uint64(r) || s != p.score {
				f.t.Fatalf("Rank(%q): %d %v %v; want %d", p.member, rank, s, ok, r)
			}
		}
	}
	if it.Next() {
		f.t.Fatal("too many")
	}
	if used := f.ar.Used(); f.e.Encoding() == entry.Skiplist && used != FullOps.Outside(f.e)+int64(arena.SizeOf(f.e.Size())) {
		f.t.Fatalf("%d bytes used, %d outside", used, FullOps.Outside(f.e))
	}
	seen := 0
	for cur := uint64(0); ; {
		cur = Walk(f.e, cur, 10, func(m []byte, s float64) {
			if i := f.find(string(m)); i < 0 || f.model[i].score != s {
				f.t.Fatalf("Walk emitted %q %v", m, s)
			}
			seen++
		})
		if cur == 0 {
			break
		}
	}
	if seen != len(f.model) {
		f.t.Fatalf("Walk emitted %d of %d", seen, len(f.model))
	}
}

// ask compares the searches.
func (f *fuzzer) ask() {
	s, m := f.score(), f.member()
	below, upTo := 0, 0
	for _, p := range f.model {
		if p.score < s {
			below++
		}
		if p.score <= s {
			upTo++
		}
	}
	if a, b := RankOfScore(f.e, s, false), RankOfScore(f.e, s, true); a != uint64(below) || b != uint64(upTo) {
		f.t.Fatalf("RankOfScore(%v): %d %d; want %d %d", s, a, b, below, upTo)
	}
	i := f.find(m)
	if got, ok := Score(f.e, []byte(m)); ok != (i >= 0) || ok && got != f.model[i].score {
		f.t.Fatalf("Score(%q): %v %v", m, got, ok)
	}
	if len(f.model) == 0 {
		return
	}
	before, upto := 0, 0
	for _, p := range f.model {
		if p.member < m {
			before++
		}
		if p.member <= m {
			upto++
		}
	}
	one := f.model[0].score == f.model[len(f.model)-1].score
	if HasOneScore(f.e) != one {
		f.t.Fatalf("HasOneScore: %v", !one)
	}
	if a, b := RankOfMember(f.e, []byte(m), false), RankOfMember(f.e, []byte(m), true); one && (a != uint64(before) || b != uint64(upto)) {
		f.t.Fatalf("RankOfMember(%q): %d %d; want %d %d", m, a, b, before, upto)
	}
	for r := range f.model {
		if got := MemberAt(f.e, uint64(r)); r%7 == len(f.model)%7 && string(got) != f.model[r].member {
			f.t.Fatalf("MemberAt(%d): %q; want %q", r, got, f.model[r].member)
		}
	}
	from := f.next() * len(f.model) / 256
	n := min(f.next(), from+1)
	var it Iter
	it.Seek(f.e, uint64(from), uint64(n), true)
	for r := from; it.Next(); r-- {
		if string(it.Member()) != f.model[r].member {
			f.t.Fatalf("rank %d, downwards: %q; want %q", r, it.Member(), f.model[r].member)
		}
	}
}

// clone replaces the set by a copy of it and moves some of its blocks.
func (f *fuzzer) clone() {
	if len(f.model) == 0 {
		return
	}
	other := arena.New()
	to := f.e.Clone(other, []byte("copy"), 0)
	if f.e.Encoding() == entry.Skiplist {
		FullOps.Copy(other, to, f.e)
	}
	f.free()
	f.ar.Release()
	f.ar, f.e = other, to
	if f.e.Encoding() == entry.Skiplist {
		every := 1 + f.next()%3
		FullOps.Compact(f.ar, f.e, func(a arena.Addr) bool { return int(a>>3)%every == 0 }, 1+f.next())
	}
}

func (f *fuzzer) step() {
	switch op := f.next(); op % 10 {
	case 0, 1:
		f.add(f.member(), f.score(), 0)
	case 2:
		f.add(f.member(), f.score(), Flags(f.next()&31))
	case 3:
		f.remove(f.member())
	case 4: // many in order, up or down
		m, s, up := f.next(), f.score(), f.next()
		for i := range f.next() {
			if up&1 == 0 {
				i = 255 - i
			}
			f.add(fmt.Sprintf("%c%04d", m, i), s+float64(i*(up&2)), 0)
		}
	case 5: // many at random
		m, seed := f.next(), uint64(f.next())
		rng := rand.New(rand.NewPCG(seed, 1))
		for range f.next() {
			f.add(fmt.Sprintf("%c%04d", m, rng.IntN(1000)), float64(rng.IntN(1000)), 0)
		}
	case 6: // a range goes
		if n := len(f.model); n > 0 {
			from := f.next() * n / 256
			to := min(n, from+f.next())
			f.e = RemoveRange(f.ar, f.e, uint64(from), uint64(to))
			f.model = slices.Delete(f.model, from, to)
			f.recreate()
		}
	case 7, 8:
		f.ask()
	case 9:
		f.clone()
	}
}

func (f *fuzzer) run() {
	for n := 0; len(f.in) > 0 && n < 100; n++ {
		f.step()
		if n%8 == 7 {
			f.verify()
		}
	}
	f.verify()
	f.free()
	f.ar.Release()
}

// FuzzZSet compares a set with a sorted slice over any sequence of operations.
func FuzzZSet(f *testing.F) {
	f.Add([]byte{2, 4, 'a', 0, 1, 255, 5, 'b', 7, 200, 6, 10, 100, 9, 3, 200, 7, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, in []byte) { newFuzzer(t, in).run() })
}

func TestRandomOperations(t *testing.T) {
	rng, rounds := rand.New(rand.NewPCG(5, 6)), 40
	if testing.Short() {
		rounds = 6
	}
	for range rounds {
		in := make([]byte, 600)
		for i := range in {
			in[i] = byte(rng.Uint32())
		}
		newFuzzer(t, in).run()
	}
}

// TestUpdates changes scores in a tree of several levels: within a leaf, from leaf to leaf,
// out of leaves that become empty by that, with members outside and zeros of both signs.
func TestUpdates(t *testing.T) {
	f := newFuzzer(t, []byte{1})
	f.limits = Limits{}
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range 1500 {
		f.add(fmt.Sprintf("%04d%0*d", i, 1+rng.IntN(300), 0), float64(rng.IntN(200)), 0)
	}
	if at(arena.Addr(f.e.U64(rootOff))).level() < 2 {
		t.Fatal("a tree of too few levels")
	}
	for i := range 6000 {
		p := f.model[rng.IntN(len(f.model))]
		s := p.score + float64(rng.IntN(7)-3)
		switch rng.IntN(4) {
		case 0:
			s = float64(rng.IntN(200)) - 100
		case 1:
			s = oddScores[rng.IntN(len(oddScores))]
		}
		f.add(p.member, s, 0)
		if i%500 == 0 {
			f.verify()
		}
	}
	f.verify()
	f.free()
	f.ar.Release()
}

func TestKeep(t *testing.T) {
	f := newFuzzer(t, []byte{1})
	for i := range 1500 {
		f.add(fmt.Sprintf("%04d", i), float64(i/3), 0)
	}
	f.add(strings.Repeat("long", 100), 1, 0)
	f.add(strings.Repeat("long", 101), 9, 0)
	from, to := uint64(10), uint64(len(f.model)-20)
	if !IsCheaperToKeep(f.e, from, to) || IsCheaperToKeep(f.e, 500, to) {
		t.Fatal("IsCheaperToKeep")
	}
	var g value.Garbage
	Keep(f.ar, f.e, from, to, &g)
	for !FullOps.FreeStep(f.ar, &g, 3) {
	}
	f.model = slices.Delete(f.model, int(from), int(to))
	f.verify()
	f.free()
	f.ar.Release()
}

func TestKeys(t *testing.T) {
	scores := []float64{math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, 1.5, math.Inf(1)}
	for i, s := range scores {
		if scoreOf(keyOf(s), false) != s || i > 0 && keyOf(scores[i-1]) >= keyOf(s) {
			t.Errorf("key of %v is %d", s, keyOf(s))
		}
	}
	if negZero := math.Copysign(0, -1); keyOf(negZero) != 0 || !isNegZero(scoreOf(0, isNegZero(negZero))) {
		t.Error("-0")
	}
}

func TestLargeTree(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	e := entry.New(ar, []byte("k"), &entry.Spec{Type: entry.ZSet, Encoding: entry.Skiplist, PayloadLen: FullBytes})
	InitFull(e)
	const n = 30000
	rng := rand.New(rand.NewPCG(1, 2))
	member := func(i int) []byte { return fmt.Appendf(nil, "member:%09d", i) }
	for _, i := range rng.Perm(n) {
		e, _, _ = Add(ar, e, member(i), float64(i), 0, Limits{})
	}
	if err := Check(e); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		i := rng.IntN(n)
		if r, _, ok := Rank(e, member(i)); !ok || r != uint64(i) {
			t.Fatalf("rank of %d: %d %v", i, r, ok)
		}
	}
	e = RemoveRange(ar, e, 10, n-10)
	if err := Check(e); err != nil {
		t.Fatal(err)
	}
	var it Iter
	it.Seek(e, 9, 2, false)
	it.Next()
	a := bytes.Clone(it.Member())
	it.Next()
	if !bytes.Equal(a, member(9)) || !bytes.Equal(it.Member(), member(n-10)) {
		t.Fatalf("%q %q", a, it.Member())
	}
}

// TestWide fills a compact set beyond what ends of 2 bytes can count.
func TestWide(t *testing.T) {
	f := newFuzzer(t, []byte{0})
	rng := rand.New(rand.NewPCG(1, 3))
	for i := range 300 {
		f.add(fmt.Sprintf("%0*d", 50+rng.IntN(80), rng.IntN(1000)), oddScores[i%len(oddScores)], 0)
		if i%50 == 0 {
			f.verify()
		}
	}
	if b := compactOf(f.e); !isCompact(f.e) || !b.isWide() {
		t.Fatalf("compact %v, %d bytes", isCompact(f.e), b.size())
	}
	for len(f.model) > 200 {
		f.remove(f.model[rng.IntN(len(f.model))].member)
	}
	f.verify()
	f.limits = Limits{}
	f.add("one more", 3, 0)
	f.verify()
	f.free()
	f.ar.Release()
}
