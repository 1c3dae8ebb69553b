package robust

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPubSubStorm: messages for listeners that do not read take no more memory than the listeners are owed, and others are
// answered meanwhile. PUBSUB_STORM_MB asks for more than make test has time for, for each listener.
func TestPubSubStorm(t *testing.T) {
	owed := int64(pubsubStormBytes)
	if text := os.Getenv("PUBSUB_STORM_MB"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		owed = n << 20
	}
	s := start(t, "--client-output-buffer-limit", "pubsub", "0", "0", "0")
	for range pubsubStormListeners {
		must(t, s.Connect(t), "SUBSCRIBE ch", "")
	}
	c := s.Connect(t)
	text := strings.Repeat("x", pubsubStormMessage)
	before := s.WatchPeak()
	const batch = 16
	sent := int64(0)
	worst := others(t, s, func() {
		for ; sent < owed; sent += batch * pubsubStormMessage {
			for range batch {
				c.Queue("PUBLISH", "ch", text)
			}
			got, err := c.Exchange(batch)
			if err != nil || got[0].Int != pubsubStormListeners {
				t.Errorf("PUBLISH: %v, %v", got, err)
				return
			}
		}
	})
	var waits int64
	await(t, "what the listeners have not taken waits for them", func() bool {
		waits = infoNumber(t, c, "mem_clients_normal")
		return waits > pubsubStormListeners*(sent-pubsubKernelBytes)
	})
	most, bound := s.PeakRSS()-before, int64(pubsubStormShare*float64(pubsubStormListeners*sent))+pubsubStormSlack
	t.Logf("%d MB are owed, %d MB wait by the server's account, resident grew by %d MB; the longest GET took %v", pubsubStormListeners*sent>>20, waits>>20, most>>20, worst)
	if before > 0 && most > bound {
		t.Errorf("resident memory grew by %d MB, where %d MB are owed", most>>20, pubsubStormListeners*sent>>20)
	}
	if worst > besideMillisMax*time.Millisecond {
		t.Errorf("a GET took %v beside the storm", worst)
	}
}
