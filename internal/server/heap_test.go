package server

import (
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/raceflag"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/netio"
)

// residentBytes is what of this process is resident. The race detector has two bytes of its own for
// each byte that the heap ever had, and keeps them: with it, the heap's resident bytes are counted alone.
func residentBytes() int64 {
	if !raceflag.Enabled {
		return process.ResidentBytes()
	}
	heap := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(heap)
	sum := int64(0)
	for i := range heap {
		sum += int64(heap[i].Value.Uint64())
	}
	return sum
}

// TestClientMemoryComesBack: what a burst of large replies took is given back to the system soon
// after the clients have gone, without anybody asking for it.
func TestClientMemoryComesBack(t *testing.T) {
	if process.ResidentBytes() == 0 {
		t.Skip("the resident size is not known here")
	}
	runtime.GC()
	debug.FreeOSMemory() // what other tests left, also in pools
	s, _ := launch(t, func(s *Server) { s.ownsProcess = true })
	s.awaitReady(t)
	c := dial(t, s)
	c.want("OK", "SET", "big", strings.Repeat("x", 1<<20))
	before := residentBytes()
	clients, each := 16, 24
	if raceflag.Enabled {
		clients = 8
	}
	held := make([]*testClient, clients)
	for i := range held {
		held[i] = dial(t, s)
		held[i].send(strings.Repeat(encode("GET", "big"), each))
	}
	much := int64(clients) * int64(each) << 20 * 3 / 4
	until(t, "the replies wait for their clients", func() bool { return netio.BytesHeld() > much })
	if grown := residentBytes() - before; grown < much/2 {
		t.Fatalf("%d bytes of output took %d bytes of memory", netio.BytesHeld(), grown)
	}
	if again := s.keeper.GivenBack(); again > much/8 { // less may be what the test itself has left
		t.Errorf("%d bytes given back while they were in use", again)
	}
	began := time.Now()
	for _, h := range held {
		_ = h.Close()
	}
	until(t, "the memory is given back", func() bool { return residentBytes()-before < much/8 })
	t.Log("took ", time.Since(began))
	until(t, "it is known how much", func() bool { return s.keeper.GivenBack() > 0 })

	// Buffers that are in use again and again stay, unless the machine rests for longer than the
	// keeper waits: not each time. One that is slow rests between the replies, as far as the keeper sees.
	given, tries := int64(-1), 0
	for end := time.Now().Add(patience); given != s.keeper.GivenBack(); {
		if tries == 5 {
			t.Fatal("buffers in use are given back each time")
		}
		if time.Now().After(end) {
			t.Log("the machine is too busy to tell whether buffers in use stay")
			return
		}
		given = s.keeper.GivenBack()
		if begin := time.Now(); useBuffers(t, s, each) && time.Since(begin) < slowUse {
			tries++
		}
	}
}

// slowUse is less than the keeper waits before it gives back what nobody uses (heapTicks).
const slowUse = 2 * time.Second

// useBuffers has some clients ask for the value big again and again, and tells whether all had their replies.
func useBuffers(t *testing.T, s *Server, each int) bool {
	var failed atomic.Bool
	rounds := 20
	if raceflag.Enabled {
		rounds = 4 // each takes more than five times as long
	}
	var readers sync.WaitGroup
	for range 4 {
		r := dial(t, s)
		readers.Go(func() {
			for range rounds {
				if _, err := io.WriteString(r, strings.Repeat(encode("GET", "big"), each)); err != nil {
					failed.Store(true) // the test has ended
					return
				}
				if _, err := io.CopyN(io.Discard, r, int64(each)<<20); err != nil { // what comes is not looked at
					failed.Store(true)
				}
			}
		})
	}
	readers.Wait()
	return !failed.Load()
}

// TestPurgeEmptiesPools: MEMORY PURGE gives back what clients have left in pools, at once.
func TestPurgeEmptiesPools(t *testing.T) {
	if process.ResidentBytes() == 0 {
		t.Skip("the resident size is not known here")
	}
	s, _ := launch(t, func(s *Server) { s.ownsProcess = true })
	s.awaitReady(t)
	c := dial(t, s)
	c.want("OK", "SET", "big", strings.Repeat("x", 1<<20))
	c.want("OK", "MEMORY", "PURGE")
	before, held := residentBytes(), netio.BytesHeld() // which is of the whole process: other tests may have left something
	const much = 128 << 20
	d := dial(t, s)
	d.send(strings.Repeat(encode("GET", "big"), much>>20))
	until(t, "the replies wait", func() bool { return netio.BytesHeld() > held+much*3/4 })
	_ = d.Close()
	until(t, "the client has gone", func() bool { return netio.BytesHeld() < held+1<<20 })
	c.want("OK", "MEMORY", "PURGE")
	if left := residentBytes() - before; left > much/4 {
		t.Errorf("%d bytes stay resident", left)
	}
}
