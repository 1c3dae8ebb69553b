package arena

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// BenchmarkAllocFree takes a block and frees it at once, among others of its
// class: the fastest path.
func BenchmarkAllocFree(b *testing.B) {
	for _, n := range []int{24, 100, 1000, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchAllocFree(b, n, 1000) })
	}
}

// BenchmarkGuest does so with a block that lives in a shared page.
func BenchmarkGuest(b *testing.B) { benchAllocFree(b, 100, 1) }

func benchAllocFree(b *testing.B, n, live int) {
	a := New()
	defer a.Release()
	for range live {
		a.Alloc(n)
	}
	b.ReportAllocs()
	for b.Loop() {
		a.Free(a.Alloc(n), n)
	}
}

// BenchmarkChurn replaces random blocks of random sizes among live ones in 256
// arenas, as SET does with values of changing length. With 1M blocks every step
// misses the caches.
func BenchmarkChurn(b *testing.B) {
	for _, live := range []int{20_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(live), func(b *testing.B) { benchChurn(b, live) })
	}
}

func benchChurn(b *testing.B, live int) {
	type block struct {
		addr Addr
		n    int32
		of   int32
	}
	var arenas [256]*Arena
	for i := range arenas {
		arenas[i] = New()
	}
	r := rand.New(rand.NewPCG(1, 2))
	blocks := make([]block, live)
	for i := range blocks {
		n := 16 + r.IntN(240)
		blocks[i] = block{arenas[i&255].Alloc(n), int32(n), int32(i & 255)}
	}
	x := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		x = x*6364136223846793005 + 1442695040888963407
		k := &blocks[(x>>33)%uint64(live)]
		a := arenas[k.of]
		a.Free(k.addr, int(k.n))
		k.n = int32(16 + x>>56*240>>8)
		k.addr = a.Alloc(int(k.n))
	}
	used, pages := int64(0), int64(0)
	for _, a := range arenas {
		used += a.Used()
		pages += a.Pages()
	}
	b.ReportMetric(float64(pages-used)/float64(used)*100, "%tails")
	releaseAll(arenas[:])
}

// BenchmarkGrow allocates without freeing, in 256 arenas, writing each block's
// first word: page taking and page faults included.
func BenchmarkGrow(b *testing.B) {
	for _, n := range []int{24, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var arenas [256]*Arena
			for i := range arenas {
				arenas[i] = New()
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				SetU64(arenas[i&255].Alloc(n), 1)
				if i++; i%(256<<20/SizeOf(n)) == 0 {
					b.StopTimer()
					releaseAll(arenas[:])
					b.StartTimer()
				}
			}
			releaseAll(arenas[:])
		})
	}
}

func releaseAll(arenas []*Arena) {
	for _, a := range arenas {
		a.Release()
	}
}

// BenchmarkSpan takes and frees spans: the pool's price.
func BenchmarkSpan(b *testing.B) {
	for _, n := range []int{20 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKB", n>>10), func(b *testing.B) {
			a := New()
			defer a.Release()
			b.ReportAllocs()
			for b.Loop() {
				a.Free(a.Alloc(n), n)
			}
		})
	}
}

// BenchmarkSpanParallel does so on all processors.
func BenchmarkSpanParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		a := New()
		for pb.Next() {
			a.Free(a.Alloc(20<<10), 20<<10)
		}
	})
}

// BenchmarkRandomRead reads one word of a random block among 200 MB of blocks of
// 128 bytes spread over 256 arenas, with and without huge pages: "dependent"
// waits for each read before the next, "ahead" has 16 reads under way, as the
// look-ahead does.
func BenchmarkRandomRead(b *testing.B) {
	was := hugePages.Load()
	defer func() { SetHugePages(was) }()
	for _, on := range []bool{false, true} {
		SetHugePages(on)
		blocker := occupyBelow(HighWater())
		arenas, blocks := fillArenas(b, 200<<20, 128)
		name := "small"
		if on {
			name = "huge"
		}
		b.Run(name+"/dependent", func(b *testing.B) {
			i, zero := 0, uint64(0)
			for b.Loop() {
				zero = U64(blocks[i] + Addr(zero))
				if i++; i == len(blocks) {
					i = 0
				}
			}
			b.ReportMetric(float64(hugeResident())/(1<<20), "hugeMB")
		})
		b.Run(name+"/ahead", func(b *testing.B) {
			i, sum := 0, uint64(0)
			for b.Loop() {
				sum += U64(blocks[i])
				if i++; i == len(blocks) {
					i = 0
				}
			}
			if sum != 0 {
				b.Fatal("the blocks hold zeros")
			}
		})
		releaseAll(arenas)
		blocker.Release()
		Purge()
	}
}

// occupyBelow takes all free chunks below end: memory that was used in small
// pages once keeps its page tables, and so gets no huge pages at a fault.
func occupyBelow(end Addr) *Arena {
	a := New()
	for a.Alloc(chunkBytes) < end {
	}
	return a
}

// fillArenas returns blocks that hold zeros, total bytes of them.
func fillArenas(b *testing.B, total, n int) ([]*Arena, []Addr) {
	arenas := make([]*Arena, 256)
	for i := range arenas {
		arenas[i] = New()
	}
	blocks := make([]Addr, total/n)
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Now()
	for i := range blocks {
		blocks[i] = arenas[r.IntN(256)].Alloc(n)
		clear(Bytes(blocks[i], n))
	}
	b.Logf("huge pages %v: filled in %v", hugePages.Load(), time.Since(start))
	r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	return arenas, blocks
}

// hugeResident returns the bytes of anonymous huge pages of the process.
func hugeResident() int64 {
	text, _ := os.ReadFile("/proc/self/smaps_rollup")
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "AnonHugePages: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

func TestArenaIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Arena{}); n > 896 {
		t.Fatalf("an Arena is %d bytes", n)
	}
	if n := unsafe.Sizeof(desc{}); n != descBytes {
		t.Fatalf("a desc is %d bytes", n)
	}
}
