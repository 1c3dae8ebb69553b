package command

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestLCS(t *testing.T) {
	r := newRig(t)
	r.putOther("l")
	r.do("mset key1 ohmytext key2 mynewtext n 12345")
	r.talk([]exchange{
		{"lcs key1 key2", `"mytext"`},
		{"lcs key1 key2 LEN", "6"},
		{"lcs key1 key2 idx", `["matches" [[[4 7] [5 8]] [[2 3] [0 1]]] "len" 6]`},
		{"lcs key1 key2 idx minmatchlen 4", `["matches" [[[4 7] [5 8]]] "len" 6]`},
		{"lcs key1 key2 idx minmatchlen 4 withmatchlen", `["matches" [[[4 7] [5 8] 4]] "len" 6]`},
		{"lcs key1 key2 idx minmatchlen -4 withmatchlen", `["matches" [[[4 7] [5 8] 4] [[2 3] [0 1] 2]] "len" 6]`},
		{"lcs key1 key2 idx minmatchlen 5", `["matches" [] "len" 6]`},
		{"lcs n n idx", `["matches" [[[0 4] [0 4]]] "len" 5]`},
		{"lcs key1 none", `""`},
		{"lcs none none len", "0"},
		{"lcs none key1 idx", `["matches" [] "len" 0]`},
		{"lcs key1 l foo", "-" + errLCSTypes},
		{"lcs key1 key2 foo", "-" + ErrSyntax},
		{"lcs key1 key2 minmatchlen", "-" + ErrSyntax},
		{"lcs key1 key2 minmatchlen x", "-" + ErrNotInteger},
		{"lcs key1 key2 len idx", "-" + errLCSBoth},
	})
	r.w.SetProto(3)
	r.want("lcs key1 key2 idx", `%["matches" [[[4 7] [5 8]] [[2 3] [0 1]]] "len" 6]`)
	r.c.Limits.MaxBulkBytes = 4*(8+1)*(9+1) - 1
	r.want("lcs key1 key2", "-"+errLCSMemory)
	r.c.Limits.MaxBulkBytes++
	r.want("lcs key1 key2", `"mytext"`)
}

// classicLCS is the textbook table with the walk back that Redis takes.
func classicLCS(a, b string) (text string, ranges []lcsRange) {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := 1; i > 0 && j <= len(b); j++ {
			if a[i-1] == b[j-1] {
				table[i][j] = table[i-1][j-1] + 1
			} else {
				table[i][j] = max(table[i-1][j], table[i][j-1])
			}
		}
	}
	var out []byte
	diagonal := false
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i--
			j--
			out = append(out, a[i])
			if !diagonal {
				ranges = append(ranges, lcsRange{})
			}
			last := &ranges[len(ranges)-1]
			*last = lcsRange{i, j, last.n + 1}
			diagonal = true
			continue
		case table[i-1][j] > table[i][j-1]:
			i--
		default:
			j--
		}
		diagonal = false
	}
	slices.Reverse(out)
	return string(out), ranges
}

func TestLCSTable(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(n, letters int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = 'a' + byte(rnd.IntN(letters))
		}
		return string(b)
	}
	lengths := []int{0, 1, 2, 3, 5, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300}
	for _, n := range lengths {
		for _, m := range lengths {
			a, b := text(n, 2+rnd.IntN(5)), text(m, 2+rnd.IntN(5))
			wantText, wantRanges := classicLCS(a, b)
			tab := newLCSTable([]byte(a), []byte(b), true)
			total := tab.fill()
			if got := string(tab.text(total)); got != wantText {
				t.Fatalf("LCS of %q and %q: %q, want %q", a, b, got, wantText)
			}
			if got := tab.ranges(); fmt.Sprint(got) != fmt.Sprint(wantRanges) {
				t.Fatalf("ranges of %q and %q: %v, want %v", a, b, got, wantRanges)
			}
			if got := newLCSTable([]byte(a), []byte(b), false).fill(); got != len(wantText) {
				t.Fatalf("length for %q and %q: %d, want %d", a, b, got, len(wantText))
			}
		}
	}
}

func TestLCSChunked(t *testing.T) {
	r := newRig(t)
	r.wantArgs("OK", "set", "a", strings.Repeat("ab", 50_000))
	r.want("set b bbaab", "OK")
	r.want("lcs a b", `"bbaab"`)
	r.want("lcs b a len", "5")
}

func BenchmarkLCS(b *testing.B) {
	r := newRig(b)
	r.run("mset", "a", strings.Repeat("abcdefghij", 100), "b", strings.Repeat("jaebfcgdhi", 100))
	args := argsOf("lcs", "a", "b")
	for b.Loop() {
		r.out.Reset()
		r.exec(args)
		r.w.Flush()
	}
}
