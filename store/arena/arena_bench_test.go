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

// BenchmarkAllocFree takes a block and frees it at once: the fastest path.
func BenchmarkAllocFree(b *testing.B) {
	for _, n := range []int{24, 100, 1000, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := New()
			defer a.Release()
			a.Alloc(n)
			b.ReportAllocs()
			for b.Loop() {
				a.Free(a.Alloc(n), n)
			}
		})
	}
}

// BenchmarkChurn replaces random blocks of random sizes among 20k live ones, as
// SET does with values of changing length.
func BenchmarkChurn(b *testing.B) {
	a := New()
	defer a.Release()
	r := rand.New(rand.NewPCG(1, 2))
	const live = 20_000
	addrs, sizes := make([]Addr, live), make([]int, live)
	var next [4096]int
	for i := range next {
		next[i] = 16 + r.IntN(240)
	}
	for i := range addrs {
		sizes[i] = next[i%len(next)]
		addrs[i] = a.Alloc(sizes[i])
	}
	var picks [4096]int
	for i := range picks {
		picks[i] = r.IntN(live)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p := picks[i&4095]
		a.Free(addrs[p], sizes[p])
		sizes[p] = next[(i*7)&4095]
		addrs[p] = a.Alloc(sizes[p])
		i++
	}
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
	if n := unsafe.Sizeof(Arena{}); n > 704 {
		t.Fatalf("an Arena is %d bytes", n)
	}
	if n := unsafe.Sizeof(desc{}); n != descBytes {
		t.Fatalf("a desc is %d bytes", n)
	}
}
