package server

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

const (
	oomScoreFile = "/proc/self/oom_score_adj"
	oomScoreMax  = 1000
)

// readOOMScore returns the score of this process.
func readOOMScore() (int, error) {
	b, err := os.ReadFile(oomScoreFile)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

func TestOOMScore(t *testing.T) {
	initial, err := readOOMScore()
	if err != nil {
		t.Skip(err)
	}
	s, end := launch(t, func(s *Server) { s.OwnProcess(nil) })
	defer end()
	s.awaitReady(t)
	c := dial(t, s)
	score := func(want int) {
		t.Helper()
		if got, err := readOOMScore(); err != nil || got != want {
			t.Errorf("the score is %d (%v), want %d", got, err, want)
		}
	}
	score(initial)
	c.want("OK", "CONFIG", "SET", "oom-score-adj", "relative", "oom-score-adj-values", "7 200 800")
	score(min(initial+7, oomScoreMax))
	c.want("OK", "CONFIG", "SET", "oom-score-adj-values", "9 200 800")
	score(min(initial+9, oomScoreMax))
	high := strconv.Itoa(min(initial+11, oomScoreMax))
	c.want("OK", "CONFIG", "SET", "oom-score-adj", "absolute", "oom-score-adj-values", high+" 200 800")
	score(min(initial+11, oomScoreMax))
	c.want("OK", "CONFIG", "SET", "oom-score-adj", "no")
	score(initial)
	// The base is what somebody else has set meanwhile, and comes back.
	base := min(initial+20, oomScoreMax)
	if err := os.WriteFile(oomScoreFile, []byte(strconv.Itoa(base)), 0); err != nil {
		t.Fatal(err)
	}
	c.want("OK", "CONFIG", "SET", "oom-score-adj", "relative", "oom-score-adj-values", "3 200 800")
	score(min(base+3, oomScoreMax))
	c.want("OK", "CONFIG", "SET", "oom-score-adj", "no")
	score(base)
}
