package options

import (
	"errors"
	"strings"
)

// errQuotes is the reason for a line that SplitLine cannot read.
var errQuotes = errors.New("Unbalanced quotes in configuration line")

// SplitLine splits a line into its words as Redis does: words are separated by white
// space; "..." may hold \n \r \t \a \b \xHH and \c for c; '...' may hold \' only; a
// closing quote must end its word.
func SplitLine(line string) ([]string, error) {
	var words []string
	i := 0
	for {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return words, nil
		}
		word, next, ok := splitWord(line, i)
		if !ok {
			return nil, errQuotes
		}
		words = append(words, word)
		i = next
	}
}

// splitWord reads the word that begins at i and returns where it ends.
func splitWord(line string, i int) (word string, next int, ok bool) {
	var b strings.Builder
	for i < len(line) && !isSpace(line[i]) {
		switch c := line[i]; c {
		case '"', '\'':
			if i, ok = quoted(&b, line, i+1, c); !ok {
				return "", 0, false
			}
			if i < len(line) && !isSpace(line[i]) {
				return "", 0, false
			}
			return b.String(), i, true
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), i, true
}

// quoted reads the inside of a quoted part from i on, and returns the position after
// the closing quote.
func quoted(b *strings.Builder, line string, i int, quote byte) (next int, ok bool) {
	for i < len(line) {
		c := line[i]
		switch {
		case c == quote:
			return i + 1, true
		case c == '\\' && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			b.WriteByte('\'')
			i += 2
		case c == '\\' && quote == '"' && i+1 < len(line):
			i = escape(b, line, i+1)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return 0, false
}

// escape reads what follows a backslash within double quotes.
func escape(b *strings.Builder, line string, i int) (next int) {
	c := line[i]
	if c == 'x' && i+2 < len(line) {
		hi, ok1 := hexDigit(line[i+1])
		lo, ok2 := hexDigit(line[i+2])
		if ok1 && ok2 {
			b.WriteByte(hi<<4 | lo)
			return i + 3
		}
	}
	switch c {
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'a':
		c = '\a'
	}
	b.WriteByte(c)
	return i + 1
}

// Quote writes s in double quotes so that SplitLine gives it back.
func Quote(s string) string {
	const hexDigits = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\a':
			b.WriteString(`\a`)
		case '\b':
			b.WriteString(`\b`)
		default:
			if c >= ' ' && c <= '~' {
				b.WriteByte(c)
				continue
			}
			b.WriteString(`\x`)
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteIfNeeded quotes s unless it is a plain word.
func quoteIfNeeded(s string) string {
	if s == "" {
		return `""`
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' || c == '#' && i == 0 {
			return Quote(s)
		}
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
