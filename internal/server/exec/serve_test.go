package exec

import "testing"

// TestKeptWakes keeps very many keys, several times each, as writes do during a long pause, and hands each over once: to keep
// one must not take the longer the more there are.
func TestKeptWakes(t *testing.T) {
	const keys, times = 300_000, 3
	queues := make([]waitQueue, keys)
	var kept KeptWakes
	var lane SlowLane
	lane.Start(nil)
	defer lane.Close()
	for round := 1; round <= 2; round++ {
		for range times {
			for i := range queues {
				kept.add(&queues[i])
			}
		}
		kept.Hand(&lane)
		kept.Hand(&lane)
		if len(lane.mu.queue) != round {
			t.Fatalf("round %d: %d calls for workers", round, len(lane.mu.queue))
		}
		wake := lane.mu.queue[round-1].wake
		if len(wake) != keys {
			t.Fatalf("round %d: %d keys", round, len(wake))
		}
		for i := range wake {
			if wake[i].q != &queues[i] {
				t.Fatalf("round %d: key %d comes not in its turn", round, i)
			}
		}
	}
}
