package lua

import "bytes"

func openString(st *State) {
	lib := st.Register("string", map[string]GoFunc{
		"byte": strByte, "char": strChar, "dump": strDump, "find": strFind, "format": strFormat, "gmatch": strGmatch, "gsub": strGsub,
		"len": strLen, "lower": strLower, "match": strMatch, "rep": strRep, "reverse": strReverse, "sub": strSub, "upper": strUpper,
	})
	lib.SetString(Intern("gfind"), lib.GetString(Intern("gmatch")))
	st.stringMeta = st.NewTable(0, 1)
	st.stringMeta.SetString(eventNames[evIndex], TableValue(lib))
}

// position makes a position that may count from the end one that counts from 1.
func position(pos, n int) int {
	if pos < 0 {
		pos += n + 1
	}
	return max(pos, 0)
}

func strLen(t *Thread) int {
	t.Push(Int(t.CheckString(0).Len()))
	return 1
}

func strSub(t *Thread) int {
	s := t.CheckString(0)
	n := s.Len()
	start := max(position(t.CheckInteger(1), n), 1)
	end := min(position(t.OptInteger(2, -1), n), n)
	switch {
	case start > end:
		t.Push(StringValue(emptyString))
	case start == 1 && end == n:
		t.Push(StringValue(s))
	default:
		t.Push(t.st.String(s.Bytes()[start-1 : end]))
	}
	return 1
}

// pushNew pushes a new string of n bytes, which f fills from those of argument 0.
func pushNew(t *Thread, f func(dst, src []byte)) int {
	src := t.CheckBytes(0)
	t.st.spend(len(src))
	s, dst := t.st.newString(len(src))
	f(dst, src)
	t.Push(StringValue(s))
	return 1
}

func strReverse(t *Thread) int {
	return pushNew(t, func(dst, src []byte) {
		for i, c := range src {
			dst[len(src)-1-i] = c
		}
	})
}

func strLower(t *Thread) int {
	return pushNew(t, func(dst, src []byte) {
		for i, c := range src {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst[i] = c
		}
	})
}

func strUpper(t *Thread) int {
	return pushNew(t, func(dst, src []byte) {
		for i, c := range src {
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst[i] = c
		}
	})
}

func strRep(t *Thread) int {
	src := t.CheckBytes(0)
	n := t.CheckInt(1)
	if n <= 0 || len(src) == 0 {
		t.Push(StringValue(emptyString))
		return 1
	}
	if n > maxString/len(src) {
		t.st.raise(errMemory)
	}
	size := n * len(src)
	t.st.spend(size)
	s, dst := t.st.newString(size)
	for at := copy(dst, src); at < size; at *= 2 {
		copy(dst[at:], dst[:at])
	}
	t.Push(StringValue(s))
	return 1
}

func strByte(t *Thread) int {
	s := t.CheckBytes(0)
	start := position(t.OptInteger(1, 1), len(s))
	end := position(t.OptInteger(2, start), len(s))
	start, end = max(start, 1), min(end, len(s))
	if start > end {
		return 0
	}
	n := end - start + 1
	t.NeedRoom(n, "string slice too long")
	for _, c := range s[start-1 : end] {
		t.Push(Int(int(c)))
	}
	return n
}

func strChar(t *Thread) int {
	n := t.NArgs()
	s, dst := t.st.newString(n)
	for i := range n {
		c := t.CheckInt(i)
		if c < 0 || c > 255 {
			t.ArgError(i, "invalid value")
		}
		dst[i] = byte(c)
	}
	t.Push(StringValue(s))
	return 1
}

// strDump has nothing to give: compiled code is not for scripts, as in Redis, whose load
// refuses it.
func strDump(t *Thread) int {
	t.CheckFunction(0)
	t.Errorf("unable to dump given function")
	return 0
}

func strFind(t *Thread) int  { return findOrMatch(t, true) }
func strMatch(t *Thread) int { return findOrMatch(t, false) }

func findOrMatch(t *Thread, find bool) int {
	s, p := t.CheckBytes(0), t.CheckBytes(1)
	init := min(max(position(t.OptInteger(2, 1), len(s))-1, 0), len(s))
	if find && (t.Arg(3).Truthy() || bytes.IndexAny(patternOf(p), "^$*+?.([%-") < 0) {
		i := bytes.Index(s[init:], p)
		t.st.spend(len(s) - init)
		if i < 0 {
			t.Push(Nil)
			return 1
		}
		t.Push(Int(init + i + 1))
		t.Push(Int(init + i + len(p)))
		return 2
	}
	m := matcher{t: t, src: s, pat: patternOf(p)}
	anchor := len(m.pat) > 0 && m.pat[0] == '^'
	start := 0
	if anchor {
		start = 1
	}
	for at := init; at <= len(s); at++ {
		m.begin()
		if e := m.match(at, start); e >= 0 {
			if !find {
				return m.push(at, e, true)
			}
			t.Push(Int(at + 1))
			t.Push(Int(e))
			return m.push(at, e, false) + 2
		}
		if anchor {
			break
		}
	}
	t.Push(Nil)
	return 1
}

func strGmatch(t *Thread) int {
	s, p := t.CheckString(0), t.CheckString(1)
	t.st.charge(160)
	t.Push(FunctionValue(NewFunction("gmatch step", gmatchStep, StringValue(s), StringValue(p), Int(0))))
	return 1
}

func gmatchStep(t *Thread) int {
	m := matcher{t: t, src: t.Upvalue(0).str().Bytes(), pat: patternOf(t.Upvalue(1).str().Bytes())}
	for at := int(t.Upvalue(2).float()); at <= len(m.src); at++ {
		m.begin()
		if e := m.match(at, 0); e >= 0 {
			next := e
			if e == at {
				next++
			}
			t.SetUpvalue(2, Int(next))
			return m.push(at, e, true)
		}
	}
	return 0
}

func strGsub(t *Thread) int {
	s, p := t.CheckBytes(0), patternOf(t.CheckBytes(1))
	most := t.OptInt(3, len(s)+1)
	switch t.TypeOf(2) {
	case TypeNumber, TypeString:
		t.CheckString(2)
	case TypeFunction, TypeTable:
	default:
		t.ArgError(2, "string/function/table expected")
	}
	m := matcher{t: t, src: s, pat: p}
	start := 0
	if len(p) > 0 && p[0] == '^' {
		start = 1
	}
	// The scratch is taken away while functions run, which may use gsub too.
	out := t.st.buf[:0]
	t.st.buf = nil
	n, at := 0, 0
	for n < most {
		m.begin()
		e := m.match(at, start)
		if e >= 0 {
			n++
			out = m.replace(out, at, e)
		}
		if e > at {
			at = e
		} else if at < len(s) {
			out = append(out, s[at])
			at++
		} else {
			break
		}
		if start == 1 {
			break
		}
	}
	out = append(out, s[at:]...)
	t.st.spend(len(out))
	t.PushString(out)
	t.Push(Int(n))
	t.st.keepBuf(out)
	return 2
}

// maxKeptBuf is the size of scratch that is kept for later.
const maxKeptBuf = 64 << 10

// replace appends what stands for the match from s to e.
func (m *matcher) replace(out []byte, s, e int) []byte {
	t := m.t
	r := t.Arg(2)
	var v Value
	switch r.n {
	case tagString:
		return m.expand(out, r.str().Bytes(), s, e)
	case tagTable:
		v = t.index(r, m.get(0, s, e), noReg)
	default:
		fn := t.top
		t.Push(r)
		n := m.push(s, e, true)
		t.call(fn, n, 1)
		v = t.stack[fn]
		t.top = fn
	}
	if v.falsy() {
		return m.grow(out, m.src[s:e])
	}
	var buf [32]byte
	b, ok := toBytes(v, &buf)
	if !ok {
		t.Errorf("invalid replacement value (a %s)", v.Type())
	}
	return m.grow(out, b)
}

// grow appends b; it looks at the account before the result becomes large.
func (m *matcher) grow(out, b []byte) []byte {
	if len(out)+len(b) > cap(out) && cap(out) >= maxKeptBuf {
		m.t.st.Growing(len(out)+len(b), len(b)+cap(out))
	}
	return append(out, b...)
}

// expand appends a replacement text with its %0 to %9.
func (m *matcher) expand(out, r []byte, s, e int) []byte {
	for {
		i := bytes.IndexByte(r, '%')
		if i < 0 {
			return m.grow(out, r)
		}
		out = m.grow(out, r[:i])
		if i+1 == len(r) {
			return append(out, 0) // PUC Lua takes the 0 behind its strings
		}
		switch c := r[i+1]; {
		case !isDigit(int(c)):
			out = append(out, c)
		case c == '0':
			out = m.grow(out, m.src[s:e])
		default:
			var buf [32]byte
			b, _ := toBytes(m.get(int(c-'1'), s, e), &buf)
			out = m.grow(out, b)
		}
		r = r[i+2:]
	}
}
