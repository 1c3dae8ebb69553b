package glob

import "bytes"

type form uint8

const (
	formGeneral form = iota
	formAll          // "*"
	formLiteral      // no special byte
	formPrefix       // literal bytes, then one "*"
	formSuffix       // one "*", then literal bytes
)

// Pattern is a pattern prepared for matching many strings. It keeps a view of the
// bytes it was made from; the zero value matches only the empty string.
type Pattern struct {
	text   []byte // what form compares: the literal, prefix or suffix; else the whole pattern
	form   form
	nocase bool
}

// New prepares pattern. It allocates nothing and keeps pattern: the caller leaves the
// bytes unchanged while the result is in use.
func New(pattern []byte, nocase bool) Pattern {
	p := Pattern{text: pattern, nocase: nocase}
	n := len(pattern)
	switch {
	case n == 1 && pattern[0] == '*':
		p.form = formAll
	case nocase:
	case !HasMeta(pattern):
		p.form = formLiteral
	case pattern[n-1] == '*' && !HasMeta(pattern[:n-1]):
		p.form, p.text = formPrefix, pattern[:n-1]
	case pattern[0] == '*' && !HasMeta(pattern[1:]):
		p.form, p.text = formSuffix, pattern[1:]
	}
	return p
}

// Match tells whether s matches the pattern as a whole.
func (p *Pattern) Match(s []byte) bool {
	switch p.form {
	case formAll:
		return true
	case formLiteral:
		return bytes.Equal(p.text, s)
	case formPrefix:
		return bytes.HasPrefix(s, p.text)
	case formSuffix:
		return bytes.HasSuffix(s, p.text)
	}
	return match(p.text, s, p.nocase)
}
