package server

import (
	"strconv"
	"testing"
)

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
}
