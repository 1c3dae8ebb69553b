package server

import (
	"strings"
	"testing"
	"time"
)

func TestLatencyOfWhatIsNoCommand(t *testing.T) {
	s := startServer(t, "appendonly", "yes", "dir", t.TempDir(), "appendfsync", "always")
	c := dial(t, s)
	s.disk.AOF.Took("aof-write", time.Second)
	c.want("[]", "LATENCY", "LATEST")
	c.want("OK", "CONFIG", "SET", "latency-monitor-threshold", "20")
	s.disk.AOF.Took("aof-fsync-always", 19*time.Millisecond)
	s.disk.AOF.Took("aof-fsync-always", 30*time.Millisecond)
	c.want("OK", "DEBUG", "SLEEP", "0.03")
	if got := c.do("LATENCY", "LATEST"); !strings.Contains(got, "[aof-fsync-always ") || !strings.Contains(got, " 30 30]") || !strings.Contains(got, "[command ") {
		t.Error(got)
	}
	c.want("1", "LATENCY", "RESET", "aof-fsync-always")
}
