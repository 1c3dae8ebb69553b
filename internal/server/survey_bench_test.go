//go:build linux

package server

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/session"
)

// BenchmarkSketch says what the sketch of the busiest keys adds to the CPU time of a
// pipelined GET over a million keys, in percent. Runs with and without it take turns.
// The kernel's part of a command is left out: with it, the share is smaller.
func BenchmarkSketch(b *testing.B) {
	const turn = 64 // pipelines
	s := benchServer(b, "", "SET key:%07d value-of-16-byte", benchKeys)
	texts := make([][]byte, benchTexts)
	for i := range texts {
		texts[i] = benchText("GET key:%07d", func(int) int { return rand.IntN(benchKeys) })
	}
	b.ResetTimer()
	onReactor(s, func(se *session.Session) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var spent, done [2]int64
		for i := 0; i < b.N; i += benchDepth {
			on := i / benchDepth / turn % 2
			if i/benchDepth%turn == 0 {
				if s.clients.Stations[0].Meter.Hot.Unsampled = 0; on == 0 {
					s.clients.Stations[0].Meter.Hot.Unsampled = math.MinInt // it never counts to the next sample
				}
			}
			from := threadNanos(b)
			feedBatch(se, texts[i/benchDepth%len(texts)])
			spent[on] += threadNanos(b) - from
			done[on] += benchDepth
		}
		off, on := float64(spent[0])/float64(max(done[0], 1)), float64(spent[1])/float64(max(done[1], 1))
		b.ReportMetric(off, "ns/GET-without")
		b.ReportMetric(on, "ns/GET-with")
		b.ReportMetric((on/off-1)*100, "%")
	})
}

// BenchmarkSurvey says which share of a CPU, in percent, the walk takes that remembers the
// largest of a million keys.
func BenchmarkSurvey(b *testing.B) {
	s := benchServer(b, "", "SET key:%07d value-of-16-byte", benchKeys)
	var v keeper.Survey
	b.ResetTimer()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	from := threadNanos(b)
	for range b.N {
		for !v.Step(s.Store) {
		}
	}
	round := float64(threadNanos(b)-from) / float64(b.N)
	b.ReportMetric(round/benchKeys, "ns/key")
	b.ReportMetric(round/float64(time.Minute.Nanoseconds())*100, "%")
}
