//go:build linux

package arena

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/internal/invariants"
)

// slackBytes is how much else the process may grow by during a test: page
// tables, side arrays, the Go heap.
func slackBytes() int64 {
	if invariants.Enabled {
		return 30 << 20 // the side arrays of the checks
	}
	return 6 << 20
}

// resident returns the resident bytes of the process.
func resident(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var total, rss int64
	if _, err := fmt.Sscan(string(text), &total, &rss); err != nil {
		t.Fatal(err)
	}
	return rss * int64(os.Getpagesize())
}

// awaitScavenger waits until the scavenger has ended.
func awaitScavenger(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		pool.mu.Lock()
		busy := pool.mu.scavenging
		pool.mu.Unlock()
		if !busy {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the scavenger does not end")
		}
	}
}

// grow allocates and writes blocks of n bytes, spread over the arenas.
func grow(arenas []*Arena, blocks []Addr, n int) {
	for i := range blocks {
		blocks[i] = arenas[i%len(arenas)].Alloc(n)
		b := Bytes(blocks[i], n)
		for j := 0; j < n; j += 512 {
			b[j] = 1
		}
	}
}

// touched returns a slice in resident memory.
func touched(n int) []Addr {
	s := make([]Addr, n)
	for i := range s {
		s[i] = 1
	}
	return s
}

func newArenas(n int) []*Arena {
	arenas := make([]*Arena, n)
	for i := range arenas {
		arenas[i] = New()
	}
	return arenas
}

// TestMemoryComesBack frees 128 MB block by block and expects all but the cache
// to be given back, without anybody asking for it.
func TestMemoryComesBack(t *testing.T) {
	const total = 128 << 20
	for _, n := range []int{120, 4096, 64 << 10, 32 << 20} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			Purge()
			arenas := newArenas(16)
			blocks := touched(total / n)
			debug.FreeOSMemory()
			before := resident(t)
			grow(arenas, blocks, n)
			full := resident(t)
			if full < before+total*9/10 && !raceEnabled {
				t.Fatalf("%d MB resident after writing %d MB", (full-before)>>20, total>>20)
			}
			for i, a := range blocks {
				arenas[i%len(arenas)].Free(a, n)
			}
			awaitScavenger(t)
			if s := PoolStats(); s.FreeResident > cacheMinBytes {
				t.Fatalf("%d MB of free memory stay resident", s.FreeResident>>20)
			}
			debug.FreeOSMemory()
			if left := resident(t) - before; left > cacheMinBytes+slackBytes() && !raceEnabled {
				t.Fatalf("%d MB stay resident, the cache is %d MB", left>>20, cacheMinBytes>>20)
			}
			checkPool()
			Purge()
			if s := PoolStats(); s.FreeResident != 0 {
				t.Fatalf("%d bytes of free memory stay resident after Purge", s.FreeResident)
			}
			checkPool()
		})
	}
}

// TestCacheIsKept frees less than the cache: no system call, the same memory
// comes again.
func TestCacheIsKept(t *testing.T) {
	a := New()
	keep := a.Alloc(1)
	x := a.Alloc(1 << 20)
	awaitScavenger(t)
	given := PoolStats().GivenBack
	for range 100 {
		a.Free(x, 1<<20)
		if x = a.Alloc(1 << 20); x == 0 {
			t.Fatal("no memory")
		}
	}
	awaitScavenger(t)
	if s := PoolStats(); s.GivenBack != given && s.FreeResident <= cacheMinBytes {
		t.Fatalf("%d bytes were given back for nothing", s.GivenBack-given)
	}
	a.Free(x, 1<<20)
	a.Free(keep, 1)
	if a.Pages() != 0 {
		t.Fatal(a.Pages())
	}
}

// TestMemoryComesBackHuge does the same with huge pages on: chunks first, and
// granules when too much lies in between.
func TestMemoryComesBackHuge(t *testing.T) {
	defer SetHugePages(hugePages.Load())
	SetHugePages(true)
	Purge()
	blocker := occupyBelow(HighWater())
	defer blocker.Release()
	arenas := newArenas(16)
	const total, n = 128 << 20, 4096
	blocks := touched(total / n)
	debug.FreeOSMemory()
	before := resident(t)
	hugeBefore := hugeResident()
	grow(arenas, blocks, n)
	if got := hugeResident() - hugeBefore; got == 0 {
		t.Log("the system gives no huge pages; only the books are tested")
	}
	// Keep one block in 512 kB of each arena: few chunks become free, half the
	// memory lies in between.
	kept := 0
	for i, a := range blocks {
		if i/len(arenas)%128 == 0 {
			blocks[kept] = a
			kept++
			continue
		}
		arenas[i%len(arenas)].Free(a, n)
	}
	awaitScavenger(t)
	if s := PoolStats(); s.FreeResident > cacheMinBytes+s.InUse/sparseShare {
		t.Fatalf("%d MB of free memory stay resident, %d MB in use", s.FreeResident>>20, s.InUse>>20)
	}
	checkPool()
	releaseAll(arenas)
	awaitScavenger(t)
	Purge()
	debug.FreeOSMemory()
	if left := resident(t) - before; left > slackBytes() && !raceEnabled {
		t.Fatalf("%d MB stay resident", left>>20)
	}
	checkPool()
}

// TestScavengerRunsBeside allocates and frees while memory is given back: no
// block may lose its contents.
func TestScavengerRunsBeside(t *testing.T) {
	arenas := newArenas(4)
	done := make(chan struct{})
	for g, a := range arenas {
		go func() {
			defer func() { done <- struct{}{} }()
			m := &model{a: a}
			for round := range 6 {
				for i := range 200 {
					m.alloc(t, 4096*(1+(i+g)%40), uint64(i*7+round))
				}
				m.freeAll(t)
			}
		}()
	}
	for left, rounds := len(arenas), 0; left > 0; rounds++ {
		select {
		case <-done:
			left--
		default:
			Purge()
			if rounds < 10 {
				checkPool()
			}
			runtime.Gosched()
		}
	}
	awaitScavenger(t)
	checkPool()
}

// TestReadableForEver reads all of what a large span was after it was freed and
// given back.
func TestReadableForEver(t *testing.T) {
	a := New()
	const n = 64 << 20
	x := a.Alloc(n)
	Bytes(x, n)[n-1] = 1
	a.Free(x, n)
	Purge()
	before := resident(t)
	sum := uint64(0)
	for off := Addr(0); off < n; off += 4096 {
		sum += U64(x + off)
	}
	if grown := resident(t) - before; grown > 8<<20 && readsAreFree(t) {
		t.Fatalf("reading made %d MB resident (sum %d)", grown>>20, sum)
	}
}

// readsAreFree tells whether the kernel shows one page of zeros to all who read memory that nobody has
// written. Some are told to give each reader pages of its own, so that the arena cannot help it.
func readsAreFree(t *testing.T) bool {
	t.Helper()
	const n = 16 << 20
	mem, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	before := resident(t)
	sum := byte(0)
	for off := 0; off < n; off += 4096 {
		sum |= mem[off]
	}
	grown := resident(t) - before
	if err := unix.Munmap(mem); err != nil || sum != 0 {
		t.Fatal(err, sum)
	}
	if grown > n/2 {
		t.Logf("reading %d MB of fresh memory makes %d MB resident here", n>>20, grown>>20)
	}
	return grown <= n/2
}

// advice returns how many bytes from base on, up to the high water, the kernel may back by huge pages
// (VmFlags hg in smaps) or may not (nh).
func advice(t *testing.T) (huge, plain int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	from, to := uint64(uintptr(base)), uint64(uintptr(base))+uint64(HighWater())
	var lo, hi uint64
	for _, line := range strings.Split(string(text), "\n") {
		var a, b uint64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &a, &b); n == 2 {
			lo, hi = max(a, from), min(b, to)
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && lo < hi {
			switch {
			case strings.Contains(flags, " hg"):
				huge += int64(hi - lo)
			case strings.Contains(flags, " nh"):
				plain += int64(hi - lo)
			}
		}
	}
	return huge, plain
}

// TestGivenBackStaysAway: with huge pages the kernel may not make a chunk whole again of which a part was
// given back, before it is filled again; and what one page of a chunk makes resident is accounted for.
func TestGivenBackStaysAway(t *testing.T) {
	defer SetHugePages(hugePages.Load())
	SetHugePages(true)
	Purge()
	blocker := occupyBelow(HighWater())
	defer blocker.Release()
	const n, count = 64 << 10, 64 << 20 >> 16
	a := New()
	blocks := make([]Addr, count)
	fill := func(i int) {
		blocks[i] = a.Alloc(n)
		clear(Bytes(blocks[i], n))
	}
	for i := range blocks {
		fill(i)
	}
	_, before := advice(t)
	for i := range blocks {
		if i%32 != 0 {
			a.Free(blocks[i], n)
		}
	}
	Purge()
	if _, plain := advice(t); plain-before < count*n*9/10 {
		t.Fatalf("of %d MB that are mostly given back the kernel may fill all but %d", count*n>>20, (plain-before)>>20)
	}
	checkPool()
	for i := range blocks {
		if i%32 != 0 {
			fill(i)
		}
	}
	if _, plain := advice(t); plain-before > 4<<20 {
		t.Fatalf("%d MB are filled again, and have no huge pages", (plain-before)>>20)
	}
	checkPool()
	for i := range blocks {
		a.Free(blocks[i], n)
	}
	Purge()
	if _, plain := advice(t); plain-before > 4<<20 {
		t.Fatalf("%d MB are given back as a whole, and get no huge pages", (plain-before)>>20)
	}
	checkPool()

	debug.FreeOSMemory()
	resid, stats := resident(t), PoolStats()
	one := a.Alloc(unitBytes)
	clear(Bytes(one, unitBytes))
	grown, known := resident(t)-resid, PoolStats().InUse+PoolStats().FreeResident-stats.InUse-stats.FreeResident
	if grown-known > 1<<20 {
		t.Errorf("a block made %d kB resident, %d are accounted for", grown>>10, known>>10)
	}
	a.Free(one, unitBytes)
}
