package str

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

var testKey = []byte("some key")

// makeString makes a string entry as the store does.
func makeString(ar *arena.Arena, val []byte, raw bool) entry.Entry {
	enc, num := Classify(val)
	if raw {
		enc = ClassifyRaw(val)
	}
	e := entry.New(ar, testKey, &entry.Spec{Encoding: enc, PayloadLen: PayloadLen(enc, len(val)), Deadline: 99})
	Fill(ar, e, enc, val, num)
	return e
}

func free(ar *arena.Arena, e entry.Entry) {
	Free(ar, e)
	e.Free(ar)
}

func text(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i+i>>8+int(seed))%26
	}
	return b
}

func verify(t testing.TB, e entry.Entry, want []byte) {
	t.Helper()
	if err := Check(e); err != nil {
		t.Fatal(err)
	}
	if Len(e) != int64(len(want)) {
		t.Fatalf("length %d; want %d", Len(e), len(want))
	}
	if !bytes.Equal(Bytes(e, nil), want) {
		t.Fatal("Bytes is wrong")
	}
	if string(e.Key()) != string(testKey) || e.Deadline() != 99 {
		t.Fatal("key or deadline was lost")
	}
	for _, off := range []int{0, 1, len(want) / 2, len(want) - 1, len(want), len(want) + 1} {
		for _, n := range []int{0, 1, 10, len(want)} {
			if off < 0 {
				continue
			}
			exp := want[min(off, len(want)):min(off+n, len(want))]
			var got []byte
			Segments(e, int64(off), int64(n), func(b []byte) bool { got = append(got, b...); return true })
			if !bytes.Equal(got, exp) {
				t.Fatalf("Segments(%d, %d) is wrong", off, n)
			}
			dst := make([]byte, n)
			if m := ReadAt(e, dst, int64(off)); m != len(exp) || !bytes.Equal(dst[:m], exp) {
				t.Fatalf("ReadAt(%d, %d) is wrong", off, n)
			}
		}
	}
}

func TestParseInt(t *testing.T) {
	good := []int64{0, 1, -1, 9, 10, -10, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
	for _, v := range good {
		s := strconv.FormatInt(v, 10)
		if got, ok := ParseInt([]byte(s)); !ok || got != v {
			t.Errorf("%s: %d, %t", s, got, ok)
		}
		if IntLen(v) != len(s) {
			t.Errorf("%s: length %d", s, IntLen(v))
		}
	}
	bad := []string{"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "18446744073709551616", "-99999999999999999999", "1a", "0x1"}
	for _, s := range bad {
		if _, ok := ParseInt([]byte(s)); ok {
			t.Errorf("%q was accepted", s)
		}
	}
}

func TestForms(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	for _, c := range []struct {
		val  []byte
		raw  bool
		name string
	}{
		{nil, false, "embstr"},
		{[]byte("12345"), false, "int"},
		{[]byte("12345"), true, "raw"},
		{[]byte("012345"), false, "embstr"},
		{text(44, 0), false, "embstr"},
		{text(45, 0), false, "raw"},
		{text(3, 0), true, "raw"},
		{text(MaxInlineBytes, 0), false, "raw"},
		{text(MaxInlineBytes+1, 0), false, "raw"},
		{text(5*ChunkBytes, 0), true, "raw"},
		{text(5*ChunkBytes+17, 0), false, "raw"},
	} {
		e := makeString(ar, c.val, c.raw)
		if e.Encoding().String() != c.name || (e.Encoding() == entry.Chunked) != (len(c.val) > MaxInlineBytes) {
			t.Errorf("%d bytes, raw %t: %v", len(c.val), c.raw, e.Encoding())
		}
		verify(t, e, c.val)
		free(ar, e)
	}
	if ar.Used() != 0 {
		t.Fatalf("%d bytes left", ar.Used())
	}
}

// TestWriteAtRandom compares random writes around the borders of chunks with a slice.
func TestWriteAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	borders := []int{0, 20, 44, 254, ChunkBytes - 1, ChunkBytes, ChunkBytes + 1, 2 * ChunkBytes, 3*ChunkBytes + 100}
	near := func() int { return max(0, borders[rng.IntN(len(borders))]+rng.IntN(9)-4) }
	rounds := 25
	if testing.Short() {
		rounds = 6
	}
	for range rounds {
		ar := arena.New()
		model := text(near(), 1)
		if rng.IntN(3) == 0 {
			model = strconv.AppendInt(nil, rng.Int64()-rng.Int64(), 10)
		}
		e := makeString(ar, model, rng.IntN(2) == 0)
		for range 12 {
			off, data := near(), text(1+near()/(1+rng.IntN(200)), byte(rng.IntN(26)))
			if rng.IntN(2) == 0 {
				off = len(model)
				e = Append(ar, e, data)
			} else {
				e = WriteAt(ar, e, int64(off), data)
			}
			if need := off + len(data); need > len(model) {
				model = append(model, make([]byte, need-len(model))...)
			}
			copy(model[off:], data)
			verify(t, e, model)
			if e.Encoding() != entry.Raw && e.Encoding() != entry.Chunked {
				t.Fatalf("a written string is %v", e.Encoding())
			}
			if used := int64(arena.SizeOf(e.Size())) + OutsideBytes(e); used != ar.Used() {
				t.Fatalf("accounts: %d, arena %d", used, ar.Used())
			}
		}
		other := arena.New()
		c := e.Clone(other, e.Key(), 99)
		var g value.Garbage
		if e.Encoding() == entry.Chunked {
			copyValue(other, c, e)
			detach(e, &g)
		}
		e.Free(ar)
		left := ar.Used()
		if garbageBytes(&g) != left {
			t.Fatalf("garbage is %d bytes, arena holds %d", garbageBytes(&g), left)
		}
		for !freeStep(ar, &g, 1) {
			if garbageBytes(&g) != ar.Used() {
				t.Fatal("garbage accounts")
			}
		}
		if ar.Used() != 0 {
			t.Fatalf("%d bytes left", ar.Used())
		}
		verify(t, c, model)
		ar.Release()
		other.Release()
	}
}

// maxStringBytes is Redis's limit on a string by default (proto-max-bulk-len).
const maxStringBytes = 512 << 20

// TestSparse writes a byte at the end of the longest string: it may not take memory
// for what was never written, and recycled memory may not show.
func TestSparse(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	dirty := makeString(ar, bytes.Repeat([]byte{0xEE}, 100*ChunkBytes), false)
	free(ar, dirty)
	e := makeString(ar, []byte("head"), false)
	e = WriteAt(ar, e, maxStringBytes-1, []byte{'x'})
	if Len(e) != maxStringBytes {
		t.Fatal(Len(e))
	}
	if ar.Used() > 4*ChunkBytes {
		t.Fatalf("%d bytes for a string with a hole", ar.Used())
	}
	var set []byte // what is not 0
	n := int64(0)
	Segments(e, 0, maxStringBytes, func(b []byte) bool {
		if bytes.Count(b, []byte{0}) != len(b) {
			set = append(set, bytes.ReplaceAll(b, []byte{0}, nil)...)
		}
		n += int64(len(b))
		return true
	})
	if string(set) != "headx" || n != maxStringBytes {
		t.Fatalf("%q and zeros in %d bytes", set, n)
	}
	// A write into the middle of a hole zeroes the rest of its chunk.
	e = WriteAt(ar, e, 1000*ChunkBytes+500, []byte("mid"))
	b := make([]byte, ChunkBytes)
	ReadAt(e, b, 1000*ChunkBytes)
	want := make([]byte, ChunkBytes)
	copy(want[500:], "mid")
	if !bytes.Equal(b, want) {
		t.Fatal("a chunk shows old memory")
	}
	free(ar, e)
}

func TestBytesUsesScratch(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	long := makeString(ar, text(2*ChunkBytes, 0), false)
	num := makeString(ar, []byte("-77"), false)
	scratch := make([]byte, 2*ChunkBytes)
	if n := testing.AllocsPerRun(10, func() {
		scratch = Bytes(long, scratch)
		scratch = Bytes(num, scratch)[:cap(scratch)]
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	free(ar, long)
	free(ar, num)
}

func BenchmarkAppend1MB(b *testing.B) {
	ar := arena.New()
	defer ar.Release()
	piece := text(1000, 0)
	b.SetBytes(1 << 20)
	for range b.N {
		e := makeString(ar, nil, false)
		for range 1 << 20 / 1000 {
			e = Append(ar, e, piece)
		}
		free(ar, e)
	}
}

func ExampleClassify() {
	for _, s := range []string{"17", "abc"} {
		enc, n := Classify([]byte(s))
		fmt.Println(enc, n)
	}
	// Output:
	// int 17
	// embstr 0
}
