package lua

import "bytes"

const (
	maxCaptures = 32
	// maxMatchDepth is how deep matching may recurse: once per quantified item of a pattern.
	// PUC Lua has no bound but the C stack.
	maxMatchDepth = 20000
)

const (
	capUnfinished = -1
	capPosition   = -2
)

// matcher matches a pattern against a subject. Positions are indices of them; -1 is no
// match.
type matcher struct {
	t        *Thread
	src, pat []byte
	level    int // captures so far, finished or not
	depth    int
	capture  [maxCaptures]struct{ start, len int }
}

func (m *matcher) fail(msg string) { m.t.Errorf("%s", msg) }

// checkCapture returns the finished capture that %1 to %9 mean.
func (m *matcher) checkCapture(c byte) int {
	i := int(c) - '1'
	if i < 0 || i >= m.level || m.capture[i].len == capUnfinished {
		m.fail("invalid capture index")
	}
	return i
}

func (m *matcher) captureToClose() int {
	for i := m.level - 1; i >= 0; i-- {
		if m.capture[i].len == capUnfinished {
			return i
		}
	}
	m.fail("invalid pattern capture")
	return 0
}

// classEnd returns the end of the single-byte class that begins at p.
func (m *matcher) classEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p == len(m.pat) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pat) || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				m.fail("malformed pattern (missing ']')")
			}
			c := m.pat[p]
			p++
			if c == '%' && p < len(m.pat) {
				p++
			}
		}
		return p + 1
	}
	return p
}

// Classes of bytes, as C's functions of ctype.h have them in the C locale.
const (
	isA = 1 << iota
	isC
	isD
	isL
	isP
	isS
	isU
	isW
	isX
	isZ
)

var (
	byteClasses  [256]uint16
	classLetters = [256]uint16{'a': isA, 'c': isC, 'd': isD, 'l': isL, 'p': isP, 's': isS, 'u': isU, 'w': isW, 'x': isX, 'z': isZ}
)

func init() {
	for c := range 256 {
		set := func(on bool, bit uint16) {
			if on {
				byteClasses[c] |= bit
			}
		}
		alpha, digit := isAlpha(c), isDigit(c)
		set(alpha, isA)
		set(c < 32 || c == 127, isC)
		set(digit, isD)
		set(c >= 'a' && c <= 'z', isL)
		set(c > 32 && c < 127 && !alpha && !digit, isP)
		set(isSpace(byte(c)), isS)
		set(c >= 'A' && c <= 'Z', isU)
		set(alpha || digit, isW)
		set(hexDigit(byte(c)) >= 0, isX)
		set(c == 0, isZ)
	}
}

// matchClass tells whether c is in the class %cl.
func matchClass(c, cl byte) bool {
	bit := classLetters[cl|0x20]
	if bit == 0 || !isAlpha(int(cl)) {
		return cl == c
	}
	return (byteClasses[c]&bit != 0) != (cl < 'a')
}

// matchSet tells whether c is in the set that begins at p and ends with the ] at end.
func (m *matcher) matchSet(c byte, p, end int) bool {
	in := true
	p++
	if m.pat[p] == '^' {
		in = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.pat[p] == '%':
			p++
			if matchClass(c, m.pat[p]) {
				return in
			}
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return in
			}
			p += 2
		case m.pat[p] == c:
			return in
		}
	}
	return !in
}

func (m *matcher) single(c byte, p, ep int) bool {
	switch pc := m.pat[p]; pc {
	case '.':
		return true
	case '%':
		return matchClass(c, m.pat[p+1])
	case '[':
		return m.matchSet(c, p, ep-1)
	default:
		return pc == c
	}
}

// match matches the pattern from p on at s and returns the end of what it took.
func (m *matcher) match(s, p int) int {
	m.t.st.tick() // matching can take exponential time
	m.depth++
	if m.depth > maxMatchDepth {
		m.fail("pattern too complex")
	}
	end := m.matchHere(s, p)
	m.depth--
	return end
}

func (m *matcher) matchHere(s, p int) int {
	for p < len(m.pat) {
		switch c := m.pat[p]; {
		case c == '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.startCapture(s, p+2, capPosition)
			}
			return m.startCapture(s, p+1, capUnfinished)
		case c == ')':
			return m.endCapture(s, p+1)
		case c == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pat):
			switch d := m.pat[p+1]; {
			case d == 'b':
				if s = m.balance(s, p+2); s < 0 {
					return -1
				}
				p += 4
				continue
			case d == 'f':
				ok := false
				if p, ok = m.frontier(s, p+2); !ok {
					return -1
				}
				continue
			case isDigit(int(d)):
				if s = m.back(s, d); s < 0 {
					return -1
				}
				p += 2
				continue
			}
		}
		ep := m.classEnd(p)
		next := byte(0)
		if ep < len(m.pat) {
			next = m.pat[ep]
		}
		switch next {
		case '?':
			if s < len(m.src) && m.single(m.src[s], p, ep) {
				if r := m.match(s+1, ep+1); r >= 0 {
					return r
				}
			}
			p = ep + 1
		case '*':
			return m.maxExpand(s, p, ep)
		case '+':
			if s < len(m.src) && m.single(m.src[s], p, ep) {
				return m.maxExpand(s+1, p, ep)
			}
			return -1
		case '-':
			return m.minExpand(s, p, ep)
		default:
			if s >= len(m.src) || !m.single(m.src[s], p, ep) {
				return -1
			}
			s++
			p = ep
		}
	}
	return s
}

func (m *matcher) maxExpand(s, p, ep int) int {
	i := 0
	for s+i < len(m.src) && m.single(m.src[s+i], p, ep) {
		i++
	}
	m.t.st.spend(i)
	if ep+1 == len(m.pat) {
		return s + i
	}
	for ; i >= 0; i-- {
		if r := m.match(s+i, ep+1); r >= 0 {
			return r
		}
	}
	return -1
}

func (m *matcher) minExpand(s, p, ep int) int {
	for {
		if r := m.match(s, ep+1); r >= 0 {
			return r
		}
		if s >= len(m.src) || !m.single(m.src[s], p, ep) {
			return -1
		}
		s++
	}
}

func (m *matcher) startCapture(s, p, what int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.capture[m.level].start, m.capture[m.level].len = s, what
	m.level++
	r := m.match(s, p)
	if r < 0 {
		m.level--
	}
	return r
}

func (m *matcher) endCapture(s, p int) int {
	l := m.captureToClose()
	m.capture[l].len = s - m.capture[l].start
	r := m.match(s, p)
	if r < 0 {
		m.capture[l].len = capUnfinished
	}
	return r
}

// balance is %bxy; p is at x.
func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		m.fail("unbalanced pattern")
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	b, e := m.pat[p], m.pat[p+1]
	depth := 1
	for i := s + 1; i < len(m.src); i++ {
		switch c := m.src[i]; {
		case c == e:
			if depth--; depth == 0 {
				m.t.st.spend(i - s)
				return i + 1
			}
		case c == b:
			depth++
		}
	}
	m.t.st.spend(len(m.src) - s)
	return -1
}

// frontier is %f[set]; p is at the set. It returns the end of the set.
func (m *matcher) frontier(s, p int) (int, bool) {
	if p >= len(m.pat) || m.pat[p] != '[' {
		m.fail("missing '[' after '%f' in pattern")
	}
	ep := m.classEnd(p)
	prev, cur := byte(0), byte(0)
	if s > 0 {
		prev = m.src[s-1]
	}
	if s < len(m.src) {
		cur = m.src[s]
	}
	return ep, !m.matchSet(prev, p, ep-1) && m.matchSet(cur, p, ep-1)
}

// back is %1 to %9: the same bytes as a capture.
func (m *matcher) back(s int, d byte) int {
	l := m.checkCapture(d)
	n := m.capture[l].len
	if n < 0 { // a position has no bytes; PUC Lua compares with more than there is
		return -1
	}
	m.t.st.spend(n)
	if len(m.src)-s >= n && bytes.Equal(m.src[m.capture[l].start:m.capture[l].start+n], m.src[s:s+n]) {
		return s + n
	}
	return -1
}

// get returns capture i as a value. The whole match from s to e is capture 0 when there
// are no others.
func (m *matcher) get(i, s, e int) Value {
	if i >= m.level {
		if i != 0 {
			m.fail("invalid capture index")
		}
		return m.t.st.String(m.src[s:e])
	}
	c := m.capture[i]
	switch c.len {
	case capUnfinished:
		m.fail("unfinished capture")
	case capPosition:
		return Int(c.start + 1)
	}
	return m.t.st.String(m.src[c.start : c.start+c.len])
}

// push pushes all captures; whole tells whether the whole match stands for none.
func (m *matcher) push(s, e int, whole bool) int {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	m.t.NeedRoom(n, "too many captures")
	for i := range n {
		m.t.Push(m.get(i, s, e))
	}
	return n
}

// begin prepares another try.
func (m *matcher) begin() { m.level, m.depth = 0, 0 }

// patternOf cuts a pattern at its first byte 0, where it ends in PUC Lua 5.1.
func patternOf(p []byte) []byte {
	if i := bytes.IndexByte(p, 0); i >= 0 {
		return p[:i]
	}
	return p
}
