package netio

import (
	"io"
	"net"
	"sync"
	"testing"
)

// pingPong sends p once and reads as much; it does not allocate.
func pingPong(tb testing.TB, c net.Conn, p []byte) {
	if _, err := c.Write(p); err != nil {
		tb.Error(err)
		return
	}
	if _, err := io.ReadFull(c, p); err != nil {
		tb.Error(err)
	}
}

// TestEchoAllocations holds the path from poll to poll at zero allocations: plain
// reads and writes, vectored ones, write interest, and letters.
func TestEchoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector lets sync.Pool forget")
	}
	g, at := serve(t, Config{Reactors: 1}, echoHooks(nil))
	c := dial(t, at)
	for _, n := range []int{1, 64, NodeBytes, 5 * NodeBytes / 2} {
		p := make([]byte, n)
		for range 20 {
			pingPong(t, c, p)
		}
		if a := testing.AllocsPerRun(200, func() { pingPong(t, c, p) }); a >= 0.5 {
			t.Errorf("echo of %d bytes: %.2f allocations", n, a)
		}
	}
	r := g.Reactors()[0]
	done := make(chan struct{}, 1)
	letter := func() { done <- struct{}{} }
	if a := testing.AllocsPerRun(200, func() { r.Post(letter); <-done }); a >= 0.5 {
		t.Errorf("a letter: %.2f allocations", a)
	}
}

// BenchmarkEcho is a round trip over TCP: the server's side is one poll, one read and
// one write.
func BenchmarkEcho(b *testing.B) {
	_, at := serve(b, Config{Reactors: 1}, echoHooks(nil))
	c := dial(b, at)
	p := make([]byte, 64)
	pingPong(b, c, p)
	b.ReportAllocs()
	for b.Loop() {
		pingPong(b, c, p)
	}
}

// BenchmarkEchoPipelined moves 32 KB per round trip.
func BenchmarkEchoPipelined(b *testing.B) {
	_, at := serve(b, Config{Reactors: 1}, echoHooks(nil))
	c := dial(b, at)
	p := make([]byte, 32<<10)
	pingPong(b, c, p)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		pingPong(b, c, p)
	}
}

// BenchmarkEcho50 has 50 connections at once, so that a turn serves several.
func BenchmarkEcho50(b *testing.B) {
	const count = 50
	_, at := serve(b, Config{}, echoHooks(nil))
	work := make(chan struct{}, 1024)
	var wg sync.WaitGroup
	for range count {
		c := dial(b, at)
		wg.Add(1)
		go func() {
			defer wg.Done()
			p := make([]byte, 64)
			for range work {
				pingPong(b, c, p)
			}
		}()
	}
	b.ReportAllocs()
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
}

// BenchmarkPost is a letter and its wake-up.
func BenchmarkPost(b *testing.B) {
	g, _ := serve(b, Config{Reactors: 1}, echoHooks(nil))
	r := g.Reactors()[0]
	done := make(chan struct{}, 1)
	letter := func() { done <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		r.Post(letter)
		<-done
	}
}
