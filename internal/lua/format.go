package lua

import (
	"bytes"
	"math"
	"strconv"
)

// spec is one conversion of string.format: the flags, width and precision of C's printf.
type spec struct {
	minus, plus, space, alt, zero bool
	width, prec                   int // prec -1: none
}

// scanSpec reads what stands between % and the letter, and returns the rest of the format.
func scanSpec(t *Thread, f []byte) (spec, []byte) {
	s := spec{prec: -1}
	i := 0
flags:
	for ; i < len(f); i++ {
		switch f[i] {
		case '-':
			s.minus = true
		case '+':
			s.plus = true
		case ' ':
			s.space = true
		case '#':
			s.alt = true
		case '0':
			s.zero = true
		default:
			break flags
		}
	}
	if i >= 6 {
		t.Errorf("invalid format (repeated flags)")
	}
	s.width, i = twoDigits(f, i)
	if i < len(f) && f[i] == '.' {
		s.prec, i = twoDigits(f, i+1)
	}
	if i < len(f) && isDigit(int(f[i])) {
		t.Errorf("invalid format (width or precision too long)")
	}
	return s, f[i:]
}

func twoDigits(f []byte, i int) (n, end int) {
	for j := 0; j < 2 && i < len(f) && isDigit(int(f[i])); j++ {
		n = n*10 + int(f[i]-'0')
		i++
	}
	return n, i
}

func strFormat(t *Thread) int {
	f := t.CheckBytes(0)
	out := t.st.buf[:0]
	t.st.buf = nil
	arg := 0
	for len(f) > 0 {
		i := bytes.IndexByte(f, '%')
		if i < 0 {
			out = append(out, f...)
			break
		}
		out = append(out, f[:i]...)
		f = f[i+1:]
		if len(f) > 0 && f[0] == '%' {
			out = append(out, '%')
			f = f[1:]
			continue
		}
		if arg++; arg >= t.NArgs() {
			t.ArgError(arg, "no value")
		}
		var s spec
		s, f = scanSpec(t, f)
		if len(f) == 0 {
			t.Errorf("invalid option '%%' to 'format'")
		}
		out = formatOne(t, out, s, f[0], arg)
		f = f[1:]
	}
	t.st.spend(len(out))
	t.PushString(out)
	t.st.keepBuf(out)
	return 1
}

func formatOne(t *Thread, out []byte, s spec, c byte, arg int) []byte {
	switch c {
	case 'c':
		// What is no int is 0, whose low byte C prints.
		if f := t.CheckNumber(arg); f > -0x1p31-1 && f < 0x1p31 && byte(int(f)) != 0 {
			return s.pad(out, "", []byte{byte(int(f))}, false)
		}
		// C's string ends at the byte 0, so with it goes what stands behind.
		if s.minus || s.width < 2 {
			return out
		}
		return append(out, bytes.Repeat([]byte{' '}, s.width-1)...)
	case 'd', 'i':
		n := truncate(t.CheckNumber(arg))
		u := uint64(n)
		if n < 0 {
			u = -u
		}
		return s.integer(out, s.sign(n < 0), strconv.AppendUint(nil, u, 10))
	case 'o', 'u', 'x', 'X':
		return s.unsigned(out, toUnsigned(t.CheckNumber(arg)), c)
	case 'e', 'E', 'f', 'g', 'G':
		return s.float(out, t.CheckNumber(arg), c)
	case 'q':
		return quote(out, t.CheckBytes(arg))
	case 's':
		b := t.CheckBytes(arg)
		if s.prec < 0 && len(b) >= 100 {
			t.st.Growing(len(out), len(b))
			return append(out, b...)
		}
		b = patternOf(b)
		if s.prec >= 0 && len(b) > s.prec {
			b = b[:s.prec]
		}
		return s.pad(out, "", b, false)
	}
	t.Errorf("invalid option '%%%s' to 'format'", cText(string([]byte{c})))
	return out
}

// toUnsigned converts as C does on a 64-bit processor.
func toUnsigned(f float64) uint64 {
	if f >= 0x1p63 {
		return uint64(truncate(f-0x1p63)) ^ 1<<63
	}
	return uint64(truncate(f))
}

func (s spec) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.plus:
		return "+"
	case s.space:
		return " "
	}
	return ""
}

// pad appends a prefix and digits in the width; zeros tells whether zeros may fill it.
func (s spec) pad(out []byte, prefix string, digits []byte, zeros bool) []byte {
	fill := s.width - len(prefix) - len(digits)
	if fill > 0 && !s.minus {
		if !zeros || !s.zero {
			out = append(out, bytes.Repeat([]byte{' '}, fill)...)
		}
	}
	out = append(out, prefix...)
	if fill > 0 && !s.minus && zeros && s.zero {
		out = append(out, bytes.Repeat([]byte{'0'}, fill)...)
	}
	out = append(out, digits...)
	if fill > 0 && s.minus {
		out = append(out, bytes.Repeat([]byte{' '}, fill)...)
	}
	return out
}

// integer appends digits with at least as many as the precision says.
func (s spec) integer(out []byte, prefix string, digits []byte) []byte {
	if s.prec >= 0 {
		if s.prec == 0 && len(digits) == 1 && digits[0] == '0' {
			digits = digits[:0]
		}
		if n := s.prec - len(digits); n > 0 {
			digits = append(bytes.Repeat([]byte{'0'}, n), digits...)
		}
		return s.pad(out, prefix, digits, false)
	}
	return s.pad(out, prefix, digits, true)
}

func (s spec) unsigned(out []byte, n uint64, c byte) []byte {
	prefix := ""
	var digits []byte
	switch c {
	case 'u':
		digits = strconv.AppendUint(nil, n, 10)
	case 'o':
		digits = strconv.AppendUint(nil, n, 8)
		if s.alt && digits[0] != '0' && s.prec <= len(digits) {
			digits = append([]byte{'0'}, digits...)
		} else if s.alt && n == 0 && s.prec == 0 {
			return s.pad(out, "", []byte{'0'}, false)
		}
	default:
		digits = strconv.AppendUint(nil, n, 16)
		if s.alt && n != 0 {
			prefix = "0x"
		}
		if c == 'X' {
			digits = bytes.ToUpper(digits)
			if prefix != "" {
				prefix = "0X"
			}
		}
	}
	return s.integer(out, prefix, digits)
}

func (s spec) float(out []byte, f float64, c byte) []byte {
	upper := c == 'E' || c == 'G'
	neg := math.Signbit(f)
	if name, ok := notFinite(math.Abs(f)); ok {
		if upper {
			name = string(bytes.ToUpper([]byte(name)))
		}
		return s.pad(out, s.sign(neg), []byte(name), false)
	}
	prec := s.prec
	if prec < 0 {
		prec = 6
	}
	f = math.Abs(f)
	var digits []byte
	switch c {
	case 'e', 'E':
		digits = strconv.AppendFloat(nil, f, 'e', prec, 64)
		if s.alt && prec == 0 {
			digits = append(digits[:1], append([]byte{'.'}, digits[1:]...)...)
		}
	case 'f':
		digits = strconv.AppendFloat(nil, f, 'f', prec, 64)
		if s.alt && prec == 0 {
			digits = append(digits, '.')
		}
	default:
		digits = s.general(f, max(prec, 1))
	}
	if upper {
		digits = bytes.ToUpper(digits)
	}
	return s.pad(out, s.sign(neg), digits, true)
}

// general is %g, with # including its trailing zeros.
func (s spec) general(f float64, prec int) []byte {
	if !s.alt {
		return strconv.AppendFloat(nil, f, 'g', prec, 64)
	}
	e := strconv.AppendFloat(nil, f, 'e', prec-1, 64)
	i := bytes.IndexByte(e, 'e')
	exp, _ := strconv.Atoi(string(e[i+1:]))
	if exp < -4 || exp >= prec {
		if prec == 1 {
			e = append(e[:1], append([]byte{'.'}, e[1:]...)...)
		}
		return e
	}
	d := strconv.AppendFloat(nil, f, 'f', prec-1-exp, 64)
	if prec-1-exp == 0 {
		d = append(d, '.')
	}
	return d
}

// quote appends b in a form that the lexer reads back.
func quote(out, b []byte) []byte {
	out = append(out, '"')
	for _, c := range b {
		switch c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
