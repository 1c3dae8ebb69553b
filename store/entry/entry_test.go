package entry

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// lengths are around every border of the layout.
var (
	keyLens     = []int{0, 1, 7, 8, 16, 253, 254, 255, 256, 1000, 70000}
	payloadLens = []int{0, 1, 8, 44, 45, 300, 65533, 65534, 65535, 65536, 70000}
	deadlines   = []int64{0, 1, 1 << 40}
)

func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)*7 + seed
	}
	return b
}

func verify(t *testing.T, e Entry, key, payload []byte, s *Spec) {
	t.Helper()
	if e.Type() != s.Type || e.Encoding() != s.Encoding || e.Clock() != s.Clock || e.Deadline() != s.Deadline {
		t.Fatalf("type %d, encoding %d, clock %d, deadline %d; want %+v", e.Type(), e.Encoding(), e.Clock(), e.Deadline(), *s)
	}
	if !bytes.Equal(e.Key(), key) || !KeyEquals(e.A, key) || KeyEquals(e.A, append(key[:len(key):len(key)], 'x')) {
		t.Fatalf("key of %d bytes is wrong", len(key))
	}
	if len(key) > 0 && KeyEquals(e.A, append([]byte{key[0] + 1}, key[1:]...)) {
		t.Fatal("another key is equal")
	}
	if e.PayloadLen() != s.PayloadLen || !bytes.Equal(e.Payload()[:len(payload)], payload) {
		t.Fatalf("payload of %d bytes is wrong", e.PayloadLen())
	}
	if e.Size() != SizeFor(len(key), s.PayloadLen, s.Deadline != 0) {
		t.Fatalf("size is %d", e.Size())
	}
	if e.HasDeadline() != (s.Deadline != 0) || s.Deadline != 0 && (!e.Expired(s.Deadline) || e.Expired(s.Deadline-1)) {
		t.Fatal("deadline is wrong")
	}
}

func TestLayout(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	for _, k := range keyLens {
		for _, p := range payloadLens {
			for _, d := range deadlines {
				key, payload := pattern(k, 1), pattern(p, 2)
				s := Spec{Hash, Listpack, ClockMax - 5, d, p}
				e := New(ar, key, &s)
				copy(e.Payload(), payload)
				verify(t, e, key, payload, &s)
				e.SetClock(3)
				e.SetEncoding(Hashtable)
				s.Clock, s.Encoding = 3, Hashtable
				verify(t, e, key, payload, &s)
				c := e.Clone(ar, pattern(k/2, 9), 77)
				verify(t, c, pattern(k/2, 9), payload, &Spec{Hash, Hashtable, 3, 77, p})
				c.Free(ar)
				e.Free(ar)
			}
		}
	}
	if ar.Used() != 0 {
		t.Fatalf("%d bytes left", ar.Used())
	}
}

func TestResizeAndReplace(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	rng := rand.New(rand.NewPCG(1, 2))
	near := func(l []int) int { return max(0, l[rng.IntN(len(l))]+rng.IntN(20)-10) }
	for range 120 {
		key := pattern(near(keyLens), 3)
		s := Spec{String, Raw, 9, deadlines[rng.IntN(3)], near(payloadLens)}
		e := New(ar, key, &s)
		payload := pattern(s.PayloadLen, 4)
		copy(e.Payload(), payload)
		for range 20 {
			s.PayloadLen, s.Deadline = near(payloadLens), deadlines[rng.IntN(3)]
			if rng.IntN(2) == 0 {
				s.PayloadLen = max(0, e.PayloadLen()+rng.IntN(5)-2) // mostly in place
			}
			if rng.IntN(4) == 0 {
				s.Type, s.Encoding, s.Clock = Type(rng.IntN(4)), Encoding(rng.IntN(4)), rng.Uint32()&ClockMax
				e = e.Replace(ar, key, &s)
				payload = pattern(s.PayloadLen, byte(rng.IntN(256)))
				copy(e.Payload(), payload)
			} else {
				s.Encoding = Encoding(rng.IntN(4))
				e = e.Resize(ar, s.Encoding, s.PayloadLen, s.Deadline)
				payload = payload[:min(len(payload), s.PayloadLen)]
			}
			verify(t, e, key, payload, &s)
			if want := int64(arena.SizeOf(e.Size())); ar.Used() != want {
				t.Fatalf("%d bytes used; want %d", ar.Used(), want)
			}
			payload = pattern(s.PayloadLen, 5)
			copy(e.Payload(), payload)
		}
		e.Free(ar)
	}
}

func TestNames(t *testing.T) {
	if String.String() != "string" || ZSet.String() != "zset" || Stream.String() != "stream" {
		t.Error("type names")
	}
	if Chunked.String() != "raw" || Embstr.String() != "embstr" || Int.String() != "int" {
		t.Error("encoding names")
	}
}
