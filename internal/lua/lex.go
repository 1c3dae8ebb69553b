package lua

import (
	"fmt"
	"strings"
)

type tokenKind int

// Tokens of one byte are their byte.
const (
	tokAnd tokenKind = iota + 257
	tokBreak
	tokDo
	tokElse
	tokElseif
	tokEnd
	tokFalse
	tokFor
	tokFunction
	tokIf
	tokIn
	tokLocal
	tokNil
	tokNot
	tokOr
	tokRepeat
	tokReturn
	tokThen
	tokTrue
	tokUntil
	tokWhile
	tokConcat
	tokDots
	tokEq
	tokGe
	tokLe
	tokNe
	tokNumber
	tokName
	tokString
	tokEOS
)

var tokenTexts = [...]string{"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while", "..", "...", "==", ">=", "<=", "~=", "<number>", "<name>", "<string>", "<eof>"}

var reserved = func() map[string]tokenKind {
	m := map[string]tokenKind{}
	for t := tokAnd; t <= tokWhile; t++ {
		m[tokenTexts[t-tokAnd]] = t
	}
	return m
}()

type token struct {
	kind tokenKind
	num  float64
	str  *String
}

// lexer cuts the source into tokens. Errors leave it by panic(*Error), which Compile catches.
type lexer struct {
	src      string
	pos      int
	cur      int // the byte at pos, -1 at the end
	line     int // of the current byte
	lastLine int // of the last token that was consumed
	tok      token
	ahead    token // kind tokEOS: none
	hasAhead bool
	buf      []byte
	name     string // of the chunk, as errors show it
	strings  map[string]*String
}

// maxLines is the number of lines that a chunk may have: PUC Lua's MAX_INT.
const maxLines = 1<<31 - 3

func newLexer(src, chunk string) *lexer {
	lx := &lexer{src: src, pos: -1, line: 1, lastLine: 1, name: chunkID(chunk), strings: map[string]*String{}}
	lx.advance()
	return lx
}

func (lx *lexer) advance() {
	lx.pos++
	if lx.pos < len(lx.src) {
		lx.cur = int(lx.src[lx.pos])
	} else {
		lx.cur = -1
	}
}

func (lx *lexer) save() {
	lx.buf = append(lx.buf, byte(lx.cur))
	lx.advance()
}

// intern returns the one string of this chunk with these bytes.
func (lx *lexer) intern(b string) *String {
	if s := lx.strings[b]; s != nil {
		return s
	}
	s := lookupInterned(b)
	if s == nil {
		s = makeString(b)
		s.sum()
	}
	lx.strings[s.String()] = s
	return s
}

func (lx *lexer) next() {
	lx.lastLine = lx.line
	if lx.hasAhead {
		lx.tok, lx.hasAhead = lx.ahead, false
		return
	}
	lx.scan(&lx.tok)
}

func (lx *lexer) lookahead() tokenKind {
	lx.scan(&lx.ahead)
	lx.hasAhead = true
	return lx.ahead.kind
}

func tokenText(k tokenKind) string {
	if k < tokAnd {
		if k < 32 || k == 127 {
			return fmt.Sprintf("char(%d)", int(k))
		}
		return string([]byte{byte(k)})
	}
	return tokenTexts[k-tokAnd]
}

// failAt raises a syntax error near a token; kind 0 names none.
func (lx *lexer) failAt(msg string, kind tokenKind) {
	msg = fmt.Sprintf("%s:%d: %s", lx.name, lx.line, msg)
	if kind != 0 {
		near := ""
		switch kind {
		case tokName, tokString, tokNumber:
			near = string(lx.buf)
			if i := strings.IndexByte(near, 0); i >= 0 {
				near = near[:i] // PUC Lua prints it as a C string
			}
		default:
			near = tokenText(kind)
		}
		msg += " near '" + near + "'"
	}
	panic(&Error{Value: StringValue(makeString(msg))})
}

func (lx *lexer) fail(msg string) { lx.failAt(msg, lx.tok.kind) }

func isNewline(c int) bool { return c == '\n' || c == '\r' }
func isDigit(c int) bool   { return c >= '0' && c <= '9' }
func isAlpha(c int) bool   { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isName(c int) bool    { return isAlpha(c) || isDigit(c) || c == '_' }

func (lx *lexer) newline() {
	old := lx.cur
	lx.advance()
	if isNewline(lx.cur) && lx.cur != old {
		lx.advance()
	}
	lx.line++
	if lx.line >= maxLines {
		lx.fail("chunk has too many lines")
	}
}

func (lx *lexer) scan(t *token) {
	lx.buf = lx.buf[:0]
	for {
		switch c := lx.cur; {
		case c == '\n' || c == '\r':
			lx.newline()
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			lx.advance()
		case c == '-':
			lx.advance()
			if lx.cur != '-' {
				t.kind = '-'
				return
			}
			lx.comment()
		default:
			lx.scanToken(t)
			return
		}
	}
}

func (lx *lexer) comment() {
	lx.advance()
	if lx.cur == '[' {
		n := lx.longOpening()
		lx.buf = lx.buf[:0]
		if n >= 0 {
			lx.longString(nil, n)
			lx.buf = lx.buf[:0]
			return
		}
	}
	for lx.cur >= 0 && !isNewline(lx.cur) {
		lx.advance()
	}
}

// two returns yes if the next byte is c, which it then consumes, else no.
func (lx *lexer) two(c int, yes, no tokenKind) tokenKind {
	lx.advance()
	if lx.cur == c {
		lx.advance()
		return yes
	}
	return no
}

func (lx *lexer) scanToken(t *token) {
	switch c := lx.cur; {
	case c < 0:
		t.kind = tokEOS
	case c == '[':
		if n := lx.longOpening(); n >= 0 {
			lx.longString(t, n)
		} else if n == -1 {
			t.kind = '['
		} else {
			lx.failAt("invalid long string delimiter", tokString)
		}
	case c == '=':
		t.kind = lx.two('=', tokEq, '=')
	case c == '<':
		t.kind = lx.two('=', tokLe, '<')
	case c == '>':
		t.kind = lx.two('=', tokGe, '>')
	case c == '~':
		t.kind = lx.two('=', tokNe, '~')
	case c == '"' || c == '\'':
		lx.shortString(t, c)
	case c == '.':
		lx.dots(t)
	case isDigit(c):
		lx.number(t)
	case isAlpha(c) || c == '_':
		lx.word(t)
	default:
		lx.advance()
		t.kind = tokenKind(c)
	}
}

func (lx *lexer) dots(t *token) {
	lx.save()
	switch {
	case lx.cur == '.':
		t.kind = tokConcat
		lx.advance()
		if lx.cur == '.' {
			lx.advance()
			t.kind = tokDots
		}
	case isDigit(lx.cur):
		lx.number(t)
	default:
		t.kind = '.'
	}
}

func (lx *lexer) word(t *token) {
	start := lx.pos
	for isName(lx.cur) {
		lx.advance()
	}
	w := lx.src[start:lx.pos]
	lx.buf = append(lx.buf, w...)
	if k, ok := reserved[w]; ok {
		t.kind = k
		return
	}
	t.kind, t.str = tokName, lx.intern(w)
}

func (lx *lexer) number(t *token) {
	for isDigit(lx.cur) || lx.cur == '.' {
		lx.save()
	}
	if lx.cur == 'e' || lx.cur == 'E' {
		lx.save()
		if lx.cur == '+' || lx.cur == '-' {
			lx.save()
		}
	}
	for isName(lx.cur) {
		lx.save()
	}
	f, ok := parseNumber(string(lx.buf))
	if !ok {
		lx.failAt("malformed number", tokNumber)
	}
	t.kind, t.num = tokNumber, f
}

// longOpening consumes "[" and "="s. It returns their number if a second bracket follows
// (which it leaves), -1 after a lone "[", else less.
func (lx *lexer) longOpening() int { return lx.longBracket('[') }

func (lx *lexer) longBracket(c int) int {
	n := 0
	lx.save()
	for lx.cur == '=' {
		lx.save()
		n++
	}
	if lx.cur == c {
		return n
	}
	return -n - 1
}

// longString reads up to the closing bracket of n "="s; t is nil for a comment.
func (lx *lexer) longString(t *token, n int) {
	lx.save()
	if isNewline(lx.cur) {
		lx.newline()
	}
	for {
		switch lx.cur {
		case -1:
			if t != nil {
				lx.failAt("unfinished long string", tokEOS)
			}
			lx.failAt("unfinished long comment", tokEOS)
		case '[':
			if lx.longBracket('[') == n {
				lx.save()
				if n == 0 {
					lx.failAt("nesting of [[...]] is deprecated", '[')
				}
			}
		case ']':
			if lx.longBracket(']') == n {
				lx.save()
				if t != nil {
					t.kind, t.str = tokString, lx.intern(string(lx.buf[n+2:len(lx.buf)-n-2]))
				}
				return
			}
		case '\n', '\r':
			lx.buf = append(lx.buf, '\n')
			lx.newline()
			if t == nil {
				lx.buf = lx.buf[:0]
			}
		default:
			if t != nil {
				lx.save()
			} else {
				lx.advance()
			}
		}
	}
}

func (lx *lexer) shortString(t *token, quote int) {
	lx.save()
	for lx.cur != quote {
		switch lx.cur {
		case -1:
			lx.failAt("unfinished string", tokEOS)
		case '\n', '\r':
			lx.failAt("unfinished string", tokString)
		case '\\':
			lx.escape()
		default:
			lx.save()
		}
	}
	lx.save()
	t.kind, t.str = tokString, lx.intern(string(lx.buf[1:len(lx.buf)-1]))
}

func (lx *lexer) escape() {
	lx.advance()
	c := lx.cur
	switch c {
	case 'a':
		c = '\a'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'v':
		c = '\v'
	case '\n', '\r':
		lx.buf = append(lx.buf, '\n')
		lx.newline()
		return
	case -1:
		return // the loop above reports it
	default:
		if isDigit(c) {
			lx.decimalEscape()
			return
		}
	}
	lx.buf = append(lx.buf, byte(c))
	lx.advance()
}

func (lx *lexer) decimalEscape() {
	n := 0
	for i := 0; i < 3 && isDigit(lx.cur); i++ {
		n = n*10 + lx.cur - '0'
		lx.advance()
	}
	if n > 255 {
		lx.failAt("escape sequence too large", tokString)
	}
	lx.buf = append(lx.buf, byte(n))
}

const idSize = 60 // of a chunk's name in messages, with the final 0 of C

// chunkID returns the name of a chunk as messages show it.
func chunkID(source string) string {
	if source == "" {
		return `[string ""]`
	}
	switch source[0] {
	case '=':
		return source[1:min(len(source), idSize)]
	case '@':
		source = source[1:]
		if room := idSize - 8; len(source) > room {
			return "..." + source[len(source)-room:]
		}
		return source
	}
	n := strings.IndexAny(source, "\n\r")
	if n < 0 {
		n = len(source)
	}
	n = min(n, idSize-17)
	if n < len(source) {
		return `[string "` + source[:n] + `..."]`
	}
	return `[string "` + source + `"]`
}
