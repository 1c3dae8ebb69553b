package compat

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// leastSpecials is how often each of what TestSpecialsOccur counts occurs at least.
const leastSpecials = 100

// TestSpecialsOccur: generated sequences have what only some values of some arguments show, often enough that a run of
// the usual length compares each some hundred times.
func TestSpecialsOccur(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(2000) {
		mixed := map[string]bool{} // the key has members with different scores
		for _, st := range NewG(seed).Sequence() {
			count := func(what string, is bool) {
				if is {
					counts[what]++
				}
			}
			name := st.Name()
			if name == "zadd" && st.Args[1] == mixedKey {
				for i := 4; i < len(st.Args); i += 2 {
					mixed[mixedKey] = mixed[mixedKey] || st.Args[i] != st.Args[2]
				}
			}
			count("a range by members beside different scores", strings.Contains(name, "lex") && len(st.Args) > 1 && mixed[st.Args[1]])
			count("a deadline in the past", hasPastDeadline(name, st.Args))
			for _, arg := range st.Args[min(1, len(st.Args)):] {
				n, err := strconv.ParseFloat(strings.TrimLeft(arg, "(#"), 64)
				if err != nil {
					continue
				}
				count("an extreme of 64 bits", math.Abs(n) >= 1<<62)
				if math.Abs(n) >= 1<<52 && n == math.Trunc(n) && !math.IsInf(n, 0) {
					count("a large whole double where a score or an increment is", strings.HasPrefix(name, "z") || strings.HasSuffix(name, "incrbyfloat"))
				}
			}
		}
	}
	for _, what := range []string{
		"a range by members beside different scores", "a deadline in the past", "an extreme of 64 bits",
		"a large whole double where a score or an increment is",
	} {
		t.Logf("%s: %d in 2000 sequences", what, counts[what])
		if counts[what] < leastSpecials {
			t.Errorf("%s: %d in 2000 sequences, want at least %d", what, counts[what], leastSpecials)
		}
	}
}

// hasPastDeadline tells whether a call gives a key, or a field, a deadline that has passed.
func hasPastDeadline(name string, args []string) bool {
	past := func(i int, most int64) bool {
		if i >= len(args) {
			return false
		}
		n, err := strconv.ParseInt(args[i], 10, 64)
		return err == nil && n <= most
	}
	const year2001 = 1_000_000_000
	switch name {
	case "expire", "pexpire", "hexpire", "hpexpire":
		return past(2, 0)
	case "expireat", "hexpireat":
		return past(2, year2001)
	case "pexpireat", "hpexpireat":
		return past(2, year2001*1000)
	}
	for i, arg := range args {
		if strings.EqualFold(arg, "EXAT") && past(i+1, year2001) || strings.EqualFold(arg, "PXAT") && past(i+1, year2001*1000) {
			return true
		}
	}
	return false
}
