package glob

import (
	"bytes"
	"strings"
)

// Match tells whether s matches pattern as a whole. With nocase, ASCII letters match
// in either case. It is safe for concurrent use and allocates nothing. To match many
// strings against one pattern, compile it once with New.
func Match(pattern, s []byte, nocase bool) bool {
	if len(pattern) == 1 && pattern[0] == '*' {
		return true
	}
	return match(pattern, s, nocase)
}

// HasMeta tells whether pattern holds a byte that Match does not take literally.
func HasMeta(pattern []byte) bool { return bytes.ContainsAny(pattern, metaBytes) }

// HasMetaString is HasMeta for a string.
func HasMetaString(pattern string) bool { return strings.ContainsAny(pattern, metaBytes) }

const metaBytes = `*?[\`

// match is the general form: element by element, and on a mismatch back to the last
// star, which then takes one byte more. An earlier star need never be tried again: what
// it could give, the later one can take.
func match(p, s []byte, nocase bool) bool {
	if len(s) == 0 {
		// Redis compares nothing here: patterns that would take nothing ("**") do not match.
		return len(p) == 0
	}
	pi, si := 0, 0
	starPattern, starText := -1, 0 // after the last star; where its text ends for now
	for {
		if si == len(s) {
			return onlyStars(p[pi:])
		}
		if pi < len(p) && p[pi] == '*' {
			for pi < len(p) && p[pi] == '*' {
				pi++
			}
			if pi == len(p) {
				return true
			}
			starPattern, starText = pi, si
			continue
		}
		if pi < len(p) {
			if n, ok := element(p[pi:], s[si], nocase); ok {
				pi += n
				si++
				continue
			}
		}
		if starPattern < 0 {
			return false
		}
		starText++
		pi, si = starPattern, starText
	}
}

func onlyStars(p []byte) bool {
	for _, c := range p {
		if c != '*' {
			return false
		}
	}
	return true
}

// element matches the element at the head of p, which is not a star, against c, and
// returns the element's length in the pattern.
func element(p []byte, c byte, nocase bool) (n int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		return class(p, c, nocase)
	case '\\':
		if len(p) >= 2 {
			return 2, equal(p[1], c, nocase)
		}
	}
	return 1, equal(p[0], c, nocase)
}

// class matches the class at the head of p and returns its length.
func class(p []byte, c byte, nocase bool) (n int, ok bool) {
	i := 1
	negate := i < len(p) && p[i] == '^'
	if negate {
		i++
	}
	found := false
scan:
	for i < len(p) {
		rest := p[i:]
		switch {
		case rest[0] == '\\' && len(rest) >= 2:
			found = found || rest[1] == c
			i += 2
		case rest[0] == ']':
			i++
			break scan
		case len(rest) >= 3 && rest[1] == '-':
			found = found || inRange(rest[0], rest[2], c, nocase)
			i += 3
		default:
			found = found || equal(rest[0], c, nocase)
			i++
		}
	}
	return i, found != negate
}

func inRange(lo, hi, c byte, nocase bool) bool {
	if lo > hi {
		lo, hi = hi, lo
	}
	if nocase {
		lo, hi, c = lower(lo), lower(hi), lower(c)
	}
	return lo <= c && c <= hi
}

func equal(a, b byte, nocase bool) bool {
	return a == b || nocase && lower(a) == lower(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
