package netio

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// pattern returns n bytes that depend on their position.
func pattern(n, from int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte((from + i) * 31 >> 3)
	}
	return b
}

// drain reads everything by Peek and Discard.
func drain(r *Ring) []byte {
	var out []byte
	for b := r.Peek(); len(b) > 0; b = r.Peek() {
		out = append(out, b...)
		r.Discard(len(b))
	}
	return out
}

func wantEmpty(t *testing.T, r *Ring) {
	t.Helper()
	r.checkInvariants()
	if r.Len() != 0 || r.Peek() != nil || r.nodes() != 0 || r.tail.Load() != nil || r.first != nil {
		t.Fatalf("an empty ring has %d bytes and %d nodes, tail %p", r.Len(), r.nodes(), r.tail.Load())
	}
}

func TestRingWriteAndDrain(t *testing.T) {
	for _, n := range []int{0, 1, NodeBytes - 1, NodeBytes, NodeBytes + 1, 5*NodeBytes + 7} {
		var r Ring
		p := pattern(n, 0)
		if k, err := r.Write(p); k != n || err != nil {
			t.Fatalf("Write(%d) = %d, %v", n, k, err)
		}
		r.checkInvariants()
		if r.Len() != n {
			t.Fatalf("Len = %d, want %d", r.Len(), n)
		}
		if !bytes.Equal(drain(&r), p) {
			t.Fatalf("%d bytes came out changed", n)
		}
		wantEmpty(t, &r)
	}
}

func TestRingPeekAt(t *testing.T) {
	var r Ring
	p := pattern(4*NodeBytes+100, 3)
	if _, err := r.Write(p); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		for _, off := range []int{0, 1, NodeBytes - 1, NodeBytes, 3*NodeBytes + 5, 2 * NodeBytes, len(p) - 1, 1} {
			if off >= len(p) {
				continue
			}
			b := r.PeekAt(off)
			if len(b) == 0 || !bytes.Equal(b, p[off:off+len(b)]) {
				t.Fatalf("PeekAt(%d) gives %d wrong bytes", off, len(b))
			}
		}
		if r.PeekAt(len(p)) != nil || r.PeekAt(len(p)+1) != nil {
			t.Fatal("PeekAt behind the end gives bytes")
		}
	}
	for len(p) > 0 {
		check()
		n := min(len(p), NodeBytes/3+1)
		r.Discard(n)
		p = p[n:]
		r.checkInvariants()
	}
	wantEmpty(t, &r)
}

func TestRingViewsStayInPlace(t *testing.T) {
	var r Ring
	_, _ = r.Write([]byte("abc"))
	view := r.Peek()
	for range 10 {
		_, _ = r.Write(pattern(NodeBytes/2, 0))
	}
	if string(view) != "abc" || &view[0] != &r.Peek()[0] {
		t.Fatal("a view moved when the ring grew")
	}
	r.Discard(r.Len())
	wantEmpty(t, &r)
}

func TestRingWindow(t *testing.T) {
	var r Ring
	w := r.Window(0, 10)
	if len(w) < 10 {
		t.Fatalf("a window of %d bytes, 10 were wanted", len(w))
	}
	copy(w, "0123456789")
	if r.Len() != 0 {
		t.Fatal("bytes show before the commit")
	}
	w = r.Window(7, NodeBytes) // does not fit into the rest of the node
	if len(w) < NodeBytes || r.Len() != 7 {
		t.Fatalf("window of %d bytes, Len %d", len(w), r.Len())
	}
	copy(w, "xyz")
	w = r.Window(3, 3*NodeBytes)
	if len(w) != 3*NodeBytes {
		t.Fatalf("an outsized window has %d bytes", len(w))
	}
	copy(w, "!")
	if r.Window(1, 0) != nil {
		t.Fatal("closing gives a window")
	}
	r.checkInvariants()
	if got := drain(&r); string(got) != "0123456xyz!" {
		t.Fatalf("got %q", got)
	}
	wantEmpty(t, &r)
	r.Window(0, 100)
	r.Window(0, 2*NodeBytes)
	if r.Window(0, 0) != nil {
		t.Fatal("closing gives a window")
	}
	wantEmpty(t, &r)
}

func TestRingDrainedUnderAnOpenWindow(t *testing.T) {
	var r Ring
	copy(r.Window(0, 10), "hello")
	w := r.Window(5, 10)
	r.Discard(5)
	if r.nodes() == 0 {
		t.Fatal("the node was taken away under an open window")
	}
	copy(w, "world")
	r.Window(5, 0)
	if got := drain(&r); string(got) != "world" {
		t.Fatalf("got %q", got)
	}
	wantEmpty(t, &r)
	copy(r.Window(0, 10), "hello")
	r.Window(5, 10)
	r.Discard(5)
	r.Window(0, 0)
	r.trim()
	wantEmpty(t, &r)
}

func TestRingMisuse(t *testing.T) {
	for name, f := range map[string]func(*Ring){
		"discard beyond":        func(r *Ring) { r.Discard(1) },
		"discard negative":      func(r *Ring) { _, _ = r.Write([]byte("x")); r.Discard(-1) },
		"commit without window": func(r *Ring) { r.Window(1, 1) },
		"close without window":  func(r *Ring) { r.Window(1, 0) },
		"window too large":      func(r *Ring) { r.Window(0, MaxWindowBytes+1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Fatal("no panic")
				}
			}()
			f(&Ring{})
		})
	}
}

func TestRingReaders(t *testing.T) {
	var r Ring
	p := pattern(3*NodeBytes+11, 9)
	n, err := readFrom(&r, iotest.HalfReader(bytes.NewReader(p)))
	if n != int64(len(p)) || err != nil {
		t.Fatalf("ReadFrom = %d, %v", n, err)
	}
	var out bytes.Buffer
	if n, err = r.WriteTo(&out); n != int64(len(p)) || err != nil || !bytes.Equal(out.Bytes(), p) {
		t.Fatalf("WriteTo = %d, %v", n, err)
	}
	wantEmpty(t, &r)
	if _, err = r.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("Read of an empty ring: %v", err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Fatalf("Read of nothing: %d, %v", n, err)
	}
	_, _ = r.Write(p)
	all, err := io.ReadAll(iotest.OneByteReader(&r))
	if err != nil || !bytes.Equal(all, p) {
		t.Fatalf("ReadAll: %d bytes, %v", len(all), err)
	}
	broken := errors.New("broken")
	if _, err = readFrom(&r, iotest.ErrReader(broken)); err != broken {
		t.Fatalf("ReadFrom: %v", err)
	}
	if _, err = readFrom(&r, emptyReader{}); err != io.ErrNoProgress {
		t.Fatalf("ReadFrom of a reader that gives nothing: %v", err)
	}
	wantEmpty(t, &r)
	_, _ = r.Write([]byte("abc"))
	if n, err := r.WriteTo(shortWriter{}); n != 1 || err != io.ErrShortWrite || r.Len() != 2 {
		t.Fatalf("WriteTo a short writer: %d, %v, %d left", n, err, r.Len())
	}
	r.release()
	wantEmpty(t, &r)
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

type shortWriter struct{}

func (shortWriter) Write([]byte) (int, error) { return 1, nil }

func TestRingViews(t *testing.T) {
	var r Ring
	p := pattern(3*NodeBytes, 0)
	_, _ = r.Write(p)
	var dst [8][]byte
	for _, most := range []int{1, NodeBytes, NodeBytes + 1, 10 * NodeBytes} {
		k, total := r.views(dst[:], most)
		if want := min(most, len(p)); total != want || !bytes.Equal(bytes.Join(dst[:k], nil), p[:want]) {
			t.Fatalf("views(%d) = %d views of %d bytes", most, k, total)
		}
	}
	if k, total := r.views(dst[:2], 1<<30); k != 2 || total != 2*NodeBytes {
		t.Fatalf("two views: %d of %d bytes", k, total)
	}
	r.release()
	wantEmpty(t, &r)
}

func TestRingReadFD(t *testing.T) {
	rd, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	defer wr.Close()
	var r Ring
	src := pattern(200_000, 1)
	var got []byte
	sent := 0
	for i := 0; len(got) < len(src); i++ {
		waits := sent - len(got) - r.Len() // a pipe takes 64 KB
		n := min(len(src)-sent, (i*7919)%50_000+1, 60_000-waits)
		if n > 0 {
			if _, err := wr.Write(src[sent : sent+n]); err != nil {
				t.Fatal(err)
			}
			sent += n
		}
		var direct []byte
		if r.Len() == 0 && i%3 == 0 {
			direct = make([]byte, i*501%9000)
		}
		k, filled, err := r.readFD(int(rd.Fd()), direct, 40_000, i%2 == 0)
		if err != nil || k == 0 {
			t.Fatalf("step %d: readFD = %d, %v, %v", i, k, filled, err)
		}
		got = append(got, direct[:min(k, len(direct))]...)
		r.checkInvariants()
		if i%4 != 0 || sent == len(src) {
			half := make([]byte, r.Len()/(i%2+1)+1)
			m, _ := r.Read(half)
			got = append(got, half[:m]...)
		}
		if i%3 == 2 {
			got = append(got, drain(&r)...)
		}
	}
	if !bytes.Equal(got, src) {
		t.Fatal("bytes came out changed")
	}
	_ = wr.Close()
	if n, _, err := r.readFD(int(rd.Fd()), nil, 100, false); n != 0 || err != nil {
		t.Fatalf("at the end: %d, %v", n, err)
	}
	wantEmpty(t, &r)
}

// TestRingConcurrent runs a producer and a consumer at full speed; the race detector
// and the content are the judges.
func TestRingConcurrent(t *testing.T) {
	total := 32 << 20
	if testing.Short() || raceEnabled {
		total = 8 << 20
	}
	for _, seed := range []uint64{1, 2, 3} {
		var r Ring
		go produce(&r, total, seed)
		consume(t, &r, total, seed)
		r.trim()
		wantEmpty(t, &r)
	}
}

func produce(r *Ring, total int, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	done := 0
	for done < total {
		n := min(1+rnd.IntN(1<<rnd.IntN(17)), total-done)
		if rnd.IntN(2) == 0 {
			_, _ = r.Write(pattern(n, done))
			done += n
			continue
		}
		copy(r.Window(0, n), pattern(n, done))
		if rnd.IntN(2) == 0 {
			r.Window(n, 1)
			r.Window(0, 0)
		} else {
			r.Window(n, 0)
		}
		done += n
		if rnd.IntN(16) == 0 {
			runtime.Gosched()
		}
	}
}

func consume(t *testing.T, r *Ring, total int, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	for done := 0; done < total; {
		b := r.Peek()
		if len(b) == 0 {
			runtime.Gosched()
			continue
		}
		if ahead := rnd.IntN(3 * NodeBytes); ahead < r.Len() {
			at := r.PeekAt(ahead)
			if len(at) == 0 || !bytes.Equal(at, pattern(len(at), done+ahead)) {
				t.Errorf("PeekAt(%d) at %d is wrong", ahead, done)
				return
			}
		}
		n := 1 + rnd.IntN(len(b))
		if rnd.IntN(4) > 0 {
			n = len(b)
		}
		if !bytes.Equal(b[:n], pattern(n, done)) {
			t.Errorf("wrong bytes at %d", done)
			return
		}
		r.Discard(n)
		done += n
	}
}

// FuzzRing runs the bytes as a program against a bytes.Buffer.
func FuzzRing(f *testing.F) {
	f.Add([]byte{0, 10, 1, 5, 1, 5})
	f.Add([]byte{0, 255, 0, 255, 0, 255, 2, 200, 1, 255, 3, 17, 1, 255})
	f.Add([]byte{4, 40, 5, 200, 6, 0, 1, 9, 4, 255, 5, 255, 1, 255, 6, 1})
	f.Add([]byte{7, 255, 8, 255, 9, 1, 7, 3, 10, 0, 4, 8, 10, 0})
	f.Add([]byte(strings.Repeat("\x00\xfa\x01\xf9\x03\x40", 20)))
	f.Fuzz(func(t *testing.T, prog []byte) {
		var r Ring
		var ref bytes.Buffer
		window, fill := []byte(nil), 0
		for i := 0; i+1 < len(prog) && i < 400; i += 2 {
			n := int(prog[i+1]) * int(prog[i+1]) / 2 // up to two nodes
			switch prog[i] % 11 {
			case 0: // write; closes a window
				p := pattern(n, i)
				_, _ = r.Write(p)
				ref.Write(p)
				window, fill = nil, 0
			case 1, 2: // discard
				n = min(n, ref.Len())
				r.Discard(n)
				ref.Next(n)
			case 3: // look
				if at := r.PeekAt(n); n < ref.Len() {
					if len(at) == 0 || !bytes.Equal(at, ref.Bytes()[n:n+len(at)]) {
						t.Fatalf("PeekAt(%d)", n)
					}
				} else if at != nil {
					t.Fatalf("PeekAt(%d) of %d bytes", n, ref.Len())
				}
			case 4: // a window; commits what was filled
				ref.Write(window[:fill])
				window = r.Window(fill, n+1)
				fill = 0
			case 5: // fill a part of it
				fill = min(n, len(window))
				copy(window, pattern(fill, i))
			case 6: // close it
				ref.Write(window[:fill])
				r.Window(fill, 0)
				window, fill = nil, 0
			case 7:
				p := pattern(n, i)
				_, _ = readFrom(&r, bytes.NewReader(p))
				ref.Write(p)
				window, fill = nil, 0
			case 8, 9:
				p, q := make([]byte, n), make([]byte, n)
				a, aerr := r.Read(p)
				b, berr := ref.Read(q)
				if a != b || aerr != berr || !bytes.Equal(p[:a], q[:b]) {
					t.Fatalf("Read(%d) = %d, %v, want %d, %v", n, a, aerr, b, berr)
				}
			case 10:
				r.trim()
			}
			if r.Len() != ref.Len() {
				t.Fatalf("step %d: Len = %d, want %d", i/2, r.Len(), ref.Len())
			}
			r.checkInvariants()
		}
		r.Window(0, 0)
		if !bytes.Equal(drain(&r), ref.Bytes()) {
			t.Fatal("contents differ")
		}
		r.trim()
		wantEmpty(t, &r)
	})
}

// readFrom appends what rd gives until it says io.EOF.
func readFrom(r *Ring, rd io.Reader) (total int64, err error) {
	n := 0
	for empty := 0; ; {
		n, err = rd.Read(r.Window(n, minReadWindowBytes))
		total += int64(n)
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty < 100 {
			continue
		}
		r.Window(n, 0)
		switch {
		case err == nil:
			err = io.ErrNoProgress
		case errors.Is(err, io.EOF):
			err = nil
		}
		return total, err
	}
}
