package harness

import (
	"testing"
	"time"
)

func TestStartMeasureStop(t *testing.T) {
	s := Start(t, OracleBin(t))
	c := s.Connect(t)
	v, err := c.Do("PING")
	if err != nil || v.Str != "PONG" {
		t.Fatal(v, err)
	}
	if cpu, err := s.CPU(); err != nil || cpu > time.Minute {
		t.Errorf("CPU %v, %v", cpu, err)
	}
	if rss, err := s.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("RSS %d, %v", rss, err)
	}
	if s.IsKring() {
		t.Error("redis-server taken for Kring")
	}
}

func TestLaunchReportsAnEarlyEnd(t *testing.T) {
	_, err := Launch(Config{Bin: OracleBin(t), Args: []string{"--no-such-directive", "1"}})
	if err == nil {
		t.Fatal("launched with an unknown directive")
	}
}
