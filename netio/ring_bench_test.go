package netio

import "testing"

// BenchmarkRingRequest is what one small request costs a ring: written, seen, dropped.
func BenchmarkRingRequest(b *testing.B) {
	var r Ring
	p := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.Write(p)
		r.Discard(len(r.Peek()))
	}
}

// BenchmarkRingWindow is the reply's side: a window for a batch, committed once.
func BenchmarkRingWindow(b *testing.B) {
	var r Ring
	b.ReportAllocs()
	for b.Loop() {
		w := r.Window(0, 64)
		w[0] = 1
		r.Window(64, 0)
		r.Discard(64)
	}
}

func BenchmarkRingStream(b *testing.B) {
	var r Ring
	p := make([]byte, 256<<10)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.Write(p)
		for v := r.Peek(); len(v) > 0; v = r.Peek() {
			r.Discard(len(v))
		}
	}
}

func BenchmarkRingTwoGoroutines(b *testing.B) {
	var r Ring
	p := make([]byte, 1024)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	n := b.N
	done := make(chan struct{})
	go func() {
		defer close(done)
		for left := n * len(p); left > 0; {
			v := r.Peek()
			r.Discard(len(v))
			left -= len(v)
		}
	}()
	for range n {
		for r.Len() > 1<<20 {
		}
		_, _ = r.Write(p)
	}
	<-done
}
