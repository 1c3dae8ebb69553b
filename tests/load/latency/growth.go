package main

import (
	"fmt"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	slowestReplyBound   = 20 * time.Millisecond
	heapLiveBoundBytes  = 64 << 20
	gcFractionBound     = 0.01
	growthValue         = "12345678"
	hexDigits           = "0123456789abcdef"
	scatterMultiplier   = 2654435761 // odd: a bijection of 32 bits that scatters the keys
	progressEveryCounts = 5_000_000
)

type growthOptions struct {
	keys, batch int
	redis       bool
}

// growthKey gives the 8-byte key number i.
func growthKey(dst []byte, i int) []byte {
	x := uint32(i) * scatterMultiplier
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[x>>shift&15])
	}
	return dst
}

func runGrowth(s *kit.Servers, o growthOptions) (missed int, err error) {
	fmt.Printf("growth: %d keys of 8 bytes, pipelines of %d\n", o.keys, o.batch)
	srv, err := s.Kring()
	if err != nil {
		return 0, err
	}
	worst, err := grow(srv, o)
	if err != nil {
		return 0, err
	}
	check := func(what string, ok bool) {
		if !ok {
			missed++
		}
		fmt.Printf("  %-60s %s\n", what, kit.Verdict(ok))
	}
	check(fmt.Sprintf("slowest reply %v (bound %v)", worst, slowestReplyBound), worst <= slowestReplyBound)
	// Before the first collection nothing is known to be live: what is allocated bounds it.
	live, _ := kit.Number(srv, "go_heap_live_bytes")
	if all, ok := kit.Number(srv, "go_heap_objects_bytes"); ok {
		live = max(live, all)
		check(fmt.Sprintf("Go heap, live or not %.1f MB (bound for live %d MB)", live/(1<<20), heapLiveBoundBytes>>20), live < heapLiveBoundBytes)
	} else {
		fmt.Println("  INFO tells no go_heap_objects_bytes")
	}
	if f, ok := kit.Number(srv, "go_gc_cpu_fraction"); ok {
		check(fmt.Sprintf("GC CPU %.3f%% (bound %.0f%%)", 100*f, 100*gcFractionBound), f < gcFractionBound)
	} else {
		fmt.Println("  INFO tells no go_gc_cpu_fraction")
	}
	s.End()
	if !o.redis {
		return missed, nil
	}
	if srv, err = s.Redis(); err != nil {
		return missed, err
	}
	_, err = grow(srv, o)
	s.End()
	return missed, err
}

// grow loads the keys and gives the slowest batch.
func grow(srv *harness.Server, o growthOptions) (time.Duration, error) {
	samples := make(kit.Samples, 0, o.keys/o.batch+1)
	canary := kit.NewCanary()
	begin := time.Now()
	var windowWorst time.Duration
	loaded, next := 0, progressEveryCounts
	err := kit.Fill(srv, kit.FillSpec{
		Keys: o.keys, Key: growthKey, Value: []byte(growthValue), Batch: o.batch,
		Each: func(d time.Duration) {
			samples = append(samples, d)
			windowWorst = max(windowWorst, d)
			if loaded += o.batch; loaded >= next {
				fmt.Printf("  %s: %d keys, slowest of these %v\n", srv.Name, loaded, windowWorst)
				windowWorst, next = 0, next+progressEveryCounts
			}
		},
	})
	pause := canary.End()
	if err != nil {
		return 0, err
	}
	took := time.Since(begin)
	samples.Sort()
	rss, _ := srv.RSS()
	fmt.Printf("  %s: %.0f SET/s, RSS %d MB; replies p50 %v p99 %v p99.9 %v p99.99 %v max %v; over 5 ms: %d, 10 ms: %d, 20 ms: %d; canary %v\n",
		srv.Name, float64(o.keys)/took.Seconds(), rss>>20, samples.At(50), samples.At(99), samples.At(99.9), samples.At(99.99), samples.Max(),
		samples.Over(5*time.Millisecond), samples.Over(10*time.Millisecond), samples.Over(slowestReplyBound), pause)
	return samples.Max(), nil
}
