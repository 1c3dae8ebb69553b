package robust

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// TestIdleStaysSmall: what a server has given back stays away while it is idle, though the kernel likes to make huge pages
// whole. It is looked at once; IDLE_FOR says for how long, as the kernel takes minutes.
func TestIdleStaysSmall(t *testing.T) {
	idle, megabytes := time.Duration(0), idleMegabytes
	if text := os.Getenv("IDLE_FOR"); text != "" {
		var err error
		if idle, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		megabytes = longIdleMegabytes
	}
	s := start(t, "--maxmemory", fmt.Sprint(megabytes<<20), "--maxmemory-policy", "allkeys-random", "--save", "")
	onlyKring(t, s)
	c := s.Connect(t)
	g := rand.New(rand.NewPCG(3, 5))
	text := strings.Repeat("x", 4<<10)
	const batch, keys = 256, 1 << 20
	exchange := func() {
		got, err := c.Exchange(batch)
		if err != nil || got[0].IsError() {
			t.Fatal(got, err)
		}
	}
	for written := 0; written < 2*megabytes<<20; {
		for range batch { // sizes of all classes, most of them small, so that what goes leaves holes
			size := 16 << g.IntN(9)
			written += size
			c.Queue("SET", fmt.Sprint("k", g.IntN(keys)), text[:size])
		}
		exchange()
	}
	for range keys / batch {
		for range batch {
			c.Queue("DEL", fmt.Sprint("k", g.IntN(keys)))
		}
		exchange()
	}
	var resident, allocator int64
	small := func() bool {
		var err error
		if resident, err = s.RSS(); err != nil {
			t.Skip("resident memory is not known here: ", err)
		}
		allocator = infoNumber(t, c, "allocator_resident")
		return float64(resident) <= idleResidentShare*float64(allocator)+idleResidentSlack
	}
	await(t, "what was freed is given back", small)
	t.Logf("resident %d MB, allocator_resident %d MB", resident>>20, allocator>>20)
	for begin := time.Now(); time.Since(begin) < idle; time.Sleep(idleLookEvery) {
		if !small() {
			t.Fatalf("idle for %v: resident %d MB, allocator_resident %d MB", time.Since(begin), resident>>20, allocator>>20)
		}
	}
	t.Logf("resident %d MB, allocator_resident %d MB", resident>>20, allocator>>20)
}
