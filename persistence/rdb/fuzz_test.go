package rdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// seal puts a version and the right checksum behind a damaged payload, else all that a
// fuzzer makes would end at the checksum.
func seal(body []byte, version uint16) []byte {
	p := binary.LittleEndian.AppendUint16(bytes.Clone(body), version)
	return binary.LittleEndian.AppendUint64(p, Checksum(0, p))
}

// payloads returns bodies of payloads of all kinds and types.
func payloads(t testing.TB, n int) [][]byte {
	t.Helper()
	var all [][]byte
	for version := OldestVersion; version <= DeadlineVersion; version++ {
		g := newGenerator(uint64(version))
		g.deadlines = version == DeadlineVersion
		e := NewEncoder(Format{Version: version, Compress: version%2 == 0, Limits: DefaultLimits})
		for i := range n {
			r := g.record(Kind(i%kinds), i)
			e.BeginDump()
			writeRecord(e, &r, i%2 == 0)
			p, err := e.EndDump()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, bytes.Clone(p[:len(p)-dumpFooter]))
		}
	}
	for _, stream := range []Type{typeStream1, typeStream2, typeStream3} {
		b := &builder{}
		oldStream(b, stream)
		all = append(all, append([]byte{byte(stream)}, b.b[1+1+len("stream"):]...))
	}
	for _, p := range []string{
		string(rune(typeListZiplist)) + "\x20" + zip("a", 1, 300, 70000, 1<<40),
		string(rune(typeHashZiplist)) + "\x20" + zip("a", 1, "b", "text"),
		string(rune(typeZSetZiplist)) + "\x20" + zip("a", 1, "b", "2.5"),
		string(rune(typeZipmap)) + "\x10" + zmap(2, "f", "v", "g", "w"),
	} {
		n := len(p) - 2
		all = append(all, append([]byte{p[0], byte(n)}, p[2:]...))
	}
	return all
}

// tryRestore does with a payload what RESTORE does. Whatever it is: no panic, no memory
// beyond what it may become, an error or a value that can be written and read again.
func tryRestore(t testing.TB, p []byte) {
	v, err := ParseDump(p)
	if err != nil {
		return
	}
	var d Decoder
	if err := d.validate(&v); err != nil {
		return
	}
	got := record{Kind: v.KindOf()}
	if err := readPart(&d, &v, true, true, &got); err != nil {
		t.Fatalf("validated, but not read: %v", err)
	}
	if got.Kind == Stream { // what is claimed and what is there can differ
		got.Stream.Info.Length = uint64(len(got.Stream.Entries))
	}
	e := NewEncoder(Format{Version: DeadlineVersion, Limits: DefaultLimits})
	e.BeginDump()
	writeRecord(e, &got, false)
	q, err := e.EndDump()
	if err != nil {
		t.Fatalf("read, but not written: %v", err)
	}
	w, err := ParseDump(q)
	if err == nil {
		err = d.validate(&w)
	}
	if err != nil {
		t.Fatalf("what was written again is not valid: %v", err)
	}
}

func FuzzRestore(f *testing.F) {
	for i, p := range payloads(f, 12) {
		if len(p) < 4096 {
			f.Add(p, i%3 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, valkey bool) {
		version := uint16(DeadlineVersion)
		if valkey {
			version = oldestValkey
		}
		tryRestore(t, seal(body, version))
		tryRestore(t, body)
	})
}

func FuzzReader(f *testing.F) {
	for seed := range uint64(3) {
		c := newGenerator(seed).contents(6)
		if file := writeAll(f, Format{Compress: seed == 1, Checksum: seed == 2, Limits: DefaultLimits}, c, true); len(file) < 1<<16 {
			f.Add(file)
		}
	}
	b := (&builder{}).text("REDIS0007").raw(opSelectDB).length(0)
	oldValues(b)
	f.Add(b.file(true))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, part := range []int64{0, 10} {
			_, err := readAll(bytes.NewReader(file), part)
			if _, _, cerr := CheckBegin(bytes.NewReader(file), true); err == nil && cerr != nil {
				t.Fatalf("read in parts of %d bytes, but not checked: %v", part, cerr)
			}
		}
	})
}

func FuzzLZF(f *testing.F) {
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 100)
	f.Add([]byte{0, 'a', 0xe0, 10, 0}, 20)
	f.Fuzz(func(t *testing.T, p []byte, n int) {
		if n >= 0 && n < 1<<20 {
			_, _ = decompress(nil, p, n)
		}
		var c compressor
		for range 2 { // the second time finds the positions of the first
			z := c.compress(p, false)
			if z == nil {
				return
			}
			q, err := decompress(nil, z, len(p))
			if err != nil || !bytes.Equal(p, q) {
				t.Fatalf("%q became %q: %v", p, q, err)
			}
		}
	})
}

// damages is how many damaged payloads TestDamagedPayloads tries; RDB_DAMAGES asks for
// more, and then they are new in every run.
const damages = 10_000

// damage changes a payload at random places.
func damage(g *rand.Rand, payload []byte) []byte {
	p := bytes.Clone(payload)
	for range 1 + g.IntN(3) {
		at := g.IntN(len(p))
		switch g.IntN(4) {
		case 0:
			p[at] = byte(g.Uint32())
		case 1:
			p[at] ^= 1 << g.IntN(8)
		case 2:
			p = p[:at+1]
		case 3:
			p = append(p[:at:at], p[g.IntN(len(p)):]...)
		}
	}
	return p
}

// damageRounds returns how many payloads to damage, and by which numbers.
func damageRounds(t *testing.T) (int, *rand.Rand) {
	t.Helper()
	s := os.Getenv("RDB_DAMAGES")
	if s == "" {
		n := damages
		if testing.Short() {
			n /= 10
		}
		return n, rand.New(rand.NewPCG(1, 2))
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return n, rand.New(rand.NewPCG(seed, 2))
}

// TestDamagedPayloads tries damaged payloads, always with the right checksum.
func TestDamagedPayloads(t *testing.T) {
	all := payloads(t, 24)
	n, g := damageRounds(t)
	tried := 0
	for i := range n {
		p := damage(g, all[g.IntN(len(all))])
		if len(p) > 1<<16 {
			continue
		}
		tried++
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Fatalf("round %d: %v: %q", i, r, p)
				}
			}()
			tryRestore(t, seal(p, DeadlineVersion))
		}()
	}
	t.Logf("%d damaged payloads were tried", tried)
	if tried < n*9/10 {
		t.Errorf("of %d, %d were too long", n, n-tried)
	}
}

// TestClaimsAreNoAllocations: a file that claims large lengths takes no memory for them.
func TestClaimsAreNoAllocations(t *testing.T) {
	claims := map[string]*builder{}
	for typ, l := range layouts {
		if l.known {
			b := (&builder{}).text("REDIS0012").key(Type(typ), "k")
			if l.base {
				b.u64(1)
			}
			claims[l.name] = b.length(1 << 39).text("some bytes")
		}
	}
	claims["LZF"] = (&builder{}).text("REDIS0011").key(typeString, "k").raw(0xc3).length(10).length(1 << 35).text("0123456789")
	claims["LZF, twice"] = (&builder{}).text("REDIS0011").key(typeString, "k").raw(0xc3).length(1 << 34).length(1 << 35).text("0123456789")
	claims["pending"] = (&builder{}).text("REDIS0011").key(typeStream3, "k").raw(0, 0, 0, 0, 0, 0, 0, 0, 0, 1).str("g").raw(0, 0, 0).length(1 << 39)
	for name, b := range claims {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAll(bytes.NewReader(b.b), 0)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: was read", name)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 4*sourceBytes {
			t.Errorf("%s: %d bytes were allocated for a file of %d", name, n, len(b.b))
		}
	}
}

// TestLargeStrings: the buffer grows with what is read, and strings of many sizes come through.
func TestLargeStrings(t *testing.T) {
	c := &contents{}
	for i, n := range []int{0, 1, sourceBytes - 20, sourceBytes, 3 * sourceBytes, 20 << 20} {
		c.Records = append(c.Records, rec(fmt.Sprint(i), String, elem{Elem: string(bytes.Repeat([]byte{byte(i), 'x'}, n/2))}))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 40 { // each may begin anywhere in a buffer that another one has made grow
		c.Records = append(c.Records, rec(fmt.Sprint("more", i), String, elem{Elem: string(bytes.Repeat([]byte{byte(i), 'y'}, rng.IntN(2*sourceBytes)))}))
	}
	for _, compress := range []bool{false, true} {
		for _, part := range []int64{0, 200 << 10} {
			got, err := readAll(bytes.NewReader(writeAll(t, Format{Compress: compress, Checksum: true}, c, false)), part)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, c)
		}
	}
}

// TestRest: what follows a file is left to who reads on.
func TestRest(t *testing.T) {
	file := writeAll(t, Format{Checksum: true}, &contents{Records: []record{rec("k", String, elem{Elem: "v"})}}, false)
	const more = "*1\r\n$4\r\nPING\r\n"
	r := NewReader(io.MultiReader(bytes.NewReader(file), bytes.NewReader([]byte(more))), true)
	var it Item
	err := error(nil)
	for err == nil {
		err = r.Next(&it)
	}
	if err != io.EOF || r.Offset() != int64(len(file)) {
		t.Fatalf("%v at %d", err, r.Offset())
	}
	if p, err := io.ReadAll(r.Rest()); err != nil || string(p) != more {
		t.Errorf("%q, %v", p, err)
	}
}

// TestCutFiles: a file that ends anywhere but at its end is refused, without a panic.
func TestCutFiles(t *testing.T) {
	b := (&builder{}).text("REDIS0010").raw(opSelectDB).length(0)
	oldValues(b)
	oldStream(b, typeStream2)
	file := b.file(true)
	every := 1
	if testing.Short() {
		every = 10
	}
	for n := 0; n < len(file); n += every + n/2000 {
		if _, err := readAll(bytes.NewReader(file[:n]), 0); err == nil {
			t.Fatalf("a file of %d bytes was read from its first %d", len(file), n)
		}
	}
}
