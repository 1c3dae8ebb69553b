package process

import (
	"errors"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/kringdb/kring/internal/server/options"
)

// oomScoreFile tells the kernel how gladly it may kill this process when memory is short.
// Where there is none, the options are taken and nothing happens.
const oomScoreFile = "/proc/self/oom_score_adj"

const (
	oomScoreMin, oomScoreMax = -1000, 1000
)

var errOOMScore = errors.New("Failed to apply new oom_score_adj configuration, check server logs.")

// WatchOOMScore applies oom-score-adj, now and whenever it changes. It is for a server that has
// the process to itself, before it runs.
func WatchOOMScore(opts *options.Options, log *slog.Logger) {
	if _, err := readOOMScore(); err != nil {
		return
	}
	initial, changed := 0, false // initial is what the score was when the options began to count
	apply := func() error {
		mode := opts.String("oom-score-adj")
		if mode != "no" && !changed {
			now, err := readOOMScore()
			if err != nil {
				log.Warn("the OOM score cannot be read", "error", err)
				return errOOMScore
			}
			initial = now
		}
		score := initial
		if mode != "no" {
			first, _, _ := strings.Cut(opts.String("oom-score-adj-values"), " ") // the one of a primary
			score, _ = strconv.Atoi(first)                                       // the option has checked it
			if mode != "absolute" {
				score += initial
			}
		} else if !changed {
			return nil
		}
		score = min(max(score, oomScoreMin), oomScoreMax)
		if err := os.WriteFile(oomScoreFile, []byte(strconv.Itoa(score)), 0); err != nil {
			log.Warn("the OOM score cannot be set", "score", score, "error", err)
			return errOOMScore
		}
		changed = mode != "no"
		return nil
	}
	_ = apply() // as in Redis the server starts nevertheless
	opts.OnChange("oom-score-adj", apply)
	opts.OnChange("oom-score-adj-values", apply)
}

func readOOMScore() (int, error) {
	b, err := os.ReadFile(oomScoreFile)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}
