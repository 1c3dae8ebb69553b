package command

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

const (
	errScoreRange = "ERR min or max is not a float"
	errLexRange   = "ERR min or max not valid string range item"
)

// rangeKind says what the bounds of a range are.
type rangeKind uint8

const (
	byRank rangeKind = iota
	byScore
	byLex
)

// zrange is the bounds of a range.
type zrange struct {
	kind       rangeKind
	start, end int64 // by rank
	min, max   zlimit
}

// zlimit is one bound by score or by member.
type zlimit struct {
	score     float64
	member    []byte
	exclusive bool
	infinite  int8 // by member: -1 before all, 1 behind all
}

// parse reads the bounds from two arguments and returns the error to reply, or "".
func (r *zrange) parse(low, high []byte) (errText string) {
	var ok, ok2 bool
	switch r.kind {
	case byRank:
		r.start, ok = resp.ParseInt(low)
		r.end, ok2 = resp.ParseInt(high)
		errText = ErrNotInteger
	case byScore:
		ok, ok2 = r.min.parseScore(low), r.max.parseScore(high)
		errText = errScoreRange
	case byLex:
		ok, ok2 = r.min.parseLex(low), r.max.parseLex(high)
		errText = errLexRange
	}
	if ok && ok2 {
		return ""
	}
	return errText
}

// parseScore reads a number, exclusive with "(" before it, as C's strtod does: blanks
// before it, overflow and even nothing at all are fine, NaN is not.
func (l *zlimit) parseScore(a []byte) (ok bool) {
	if len(a) > 0 && a[0] == '(' {
		l.exclusive = true
		a = a[1:]
	}
	l.score, ok = strtod(a)
	return ok
}

func (l *zlimit) parseLex(a []byte) bool {
	if len(a) == 0 {
		return false
	}
	switch a[0] {
	case '+', '-':
		l.infinite = 1
		if a[0] == '-' {
			l.infinite = -1
		}
		return len(a) == 1 || a[1] == 0
	case '(', '[':
		l.exclusive = a[0] == '('
		l.member = a[1:]
		return true
	}
	return false
}

// strtod reads s as C's strtod followed by a look at whether the text ends there.
func strtod(s []byte) (float64, bool) {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	if len(s) == 0 {
		return 0, true
	}
	if f, ok := parseDouble(s); ok {
		return f, true
	}
	s = bytes.TrimLeft(s, " \t\n\v\f\r")
	if len(s) == 0 || len(s) > maxFloatTextBytes || bytes.IndexByte(s, '_') >= 0 {
		return 0, false
	}
	text := unsafe.String(&s[0], len(s)) // not kept
	if isHex := len(s) > 2 && bytes.IndexAny(s[:3], "xX") >= 0; isHex && bytes.IndexAny(s, "pP") < 0 {
		text = string(s) + "p0"
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	return f, true
}

// ranks returns the ranks [from, to) of the entries of e within the bounds. By member, it
// returns what a walk upwards finds; see zrange.lexRanks.
func (r *zrange) ranks(e entry.Entry) (from, to uint64) {
	switch r.kind {
	case byRank:
		n := int64(zset.Len(e))
		start, end := r.start, r.end
		if start < 0 {
			start = max(0, n+start)
		}
		if end < 0 {
			end += n
		}
		end = min(end, n-1)
		if start > end {
			return 0, 0
		}
		return uint64(start), uint64(end) + 1
	case byScore:
		if r.min.score > r.max.score {
			return 0, 0
		}
		from = zset.RankOfScore(e, r.min.score, r.min.exclusive)
		to = zset.RankOfScore(e, r.max.score, !r.max.exclusive)
	case byLex:
		return r.lexRanks(e)
	}
	return from, max(from, to)
}
