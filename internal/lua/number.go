package lua

import (
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// parseNumber reads a number as PUC Lua does with C's strtod: decimal and hexadecimal
// floats, inf and nan in any case, with white space around them. As there, what comes
// after a byte 0 is not looked at.
func parseNumber(s string) (float64, bool) {
	f, n := scanNumber(s)
	if n == 0 {
		return 0, false
	}
	for n < len(s) && isSpace(s[n]) {
		n++
	}
	if n < len(s) && s[n] != 0 {
		return 0, false
	}
	return f, true
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func digitAt(s string, i int) bool { return i < len(s) && isDigit(int(s[i])) }

// plainNaN is the NaN without a payload, as C and processors make it: scripts see the bits of numbers, by struct,
// cmsgpack and bit.
var plainNaN = math.Float64frombits(0x7FF8 << 48)

// scanNumber is strtod: it returns the number at the head of s and the length of its text
// with the white space before, 0 if there is none.
func scanNumber(s string) (f float64, n int) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	sign := 1.0
	start := i
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		if s[i] == '-' {
			sign = -1
		}
		i++
	}
	if i < len(s) && !isDigit(int(s[i])) && s[i] != '.' {
		return scanNamed(s, i, sign)
	}
	if i+1 < len(s) && s[i] == '0' && (s[i+1] == 'x' || s[i+1] == 'X') {
		if f, n := scanHex(s, i+2); n > 0 {
			return sign * f, n
		}
	}
	small, digits := 0, 0 // the value while it has few digits
	for ; digitAt(s, i); i++ {
		small = small*10 + int(s[i]-'0')
		digits++
		if digits > 15 {
			small = 0
		}
	}
	if digits > 0 && digits <= 15 && (i == len(s) || s[i] != '.' && s[i]|0x20 != 'e') {
		return sign * float64(small), i
	}
	if i < len(s) && s[i] == '.' {
		for i++; digitAt(s, i); i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, 0
	}
	i = scanExponent(s, i, 'e')
	f, _ = strconv.ParseFloat(s[start:i], 64) // beyond the range it is infinite, as in C
	return f, i
}

// scanExponent returns the end of the exponent at i, or i.
func scanExponent(s string, i int, mark byte) int {
	if i < len(s) && s[i]|0x20 == mark {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if digitAt(s, j) {
			for digitAt(s, j) {
				j++
			}
			return j
		}
	}
	return i
}

func scanNamed(s string, i int, sign float64) (float64, int) {
	switch low := strings.ToLower(s[i:min(i+8, len(s))]); {
	case strings.HasPrefix(low, "infinity"):
		return math.Inf(int(sign)), i + 8
	case strings.HasPrefix(low, "inf"):
		return math.Inf(int(sign)), i + 3
	case strings.HasPrefix(low, "nan"):
		i += 3
		if i < len(s) && s[i] == '(' {
			j := i + 1
			for j < len(s) && isName(int(s[j])) {
				j++
			}
			if j < len(s) && s[j] == ')' {
				i = j + 1
			}
		}
		return math.Copysign(plainNaN, sign), i
	}
	return 0, 0
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// scanHex reads the digits behind 0x.
func scanHex(s string, i int) (float64, int) {
	start, digits := i, 0
	for ; i < len(s) && hexDigit(s[i]) >= 0; i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && hexDigit(s[i]) >= 0; i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, 0
	}
	end := scanExponent(s, i, 'p')
	text := "0x" + s[start:end]
	if end == i {
		text += "p0"
	}
	f, _ := strconv.ParseFloat(text, 64)
	return f, end
}

// parseInteger is C's strtoul for a base of 2 to 36, for tonumber(text, base): all of s but
// white space must be digits.
func parseInteger(s string, base int) (float64, bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	if base == 16 && i+2 < len(s) && s[i] == '0' && s[i+1]|0x20 == 'x' && hexDigit(s[i+2]) >= 0 {
		i += 2
	}
	n, digits, over := uint64(0), 0, false
	for ; i < len(s); i++ {
		d := baseDigit(s[i])
		if d < 0 || d >= base {
			break
		}
		next := n*uint64(base) + uint64(d)
		over = over || n > (math.MaxUint64-uint64(d))/uint64(base)
		n = next
		digits++
	}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if digits == 0 || i < len(s) && s[i] != 0 {
		return 0, false
	}
	if over {
		return float64(math.MaxUint64), true
	}
	if neg {
		n = -n
	}
	return float64(n), true
}

func baseDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case isAlpha(int(c)):
		return int(c|0x20-'a') + 10
	}
	return -1
}

// AppendNumber appends f as tostring shows it: C's %.14g.
func AppendNumber(dst []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10)
	}
	return appendG(dst, f, 14)
}

// appendG is %.<prec>g of C for a precision of at least 1.
func appendG(dst []byte, f float64, prec int) []byte {
	if s, ok := notFinite(f); ok {
		return append(dst, s...)
	}
	return strconv.AppendFloat(dst, f, 'g', prec, 64)
}

func notFinite(f float64) (string, bool) {
	switch {
	case f != f && math.Signbit(f):
		return "-nan", true
	case f != f:
		return "nan", true
	case math.IsInf(f, 1):
		return "inf", true
	case math.IsInf(f, -1):
		return "-inf", true
	}
	return "", false
}

// toNumber converts as arithmetic does: numbers, and strings that are one.
func toNumber(v Value) (float64, bool) {
	if v.n > tagMax {
		return v.float(), true
	}
	if v.n == tagString {
		return parseNumber(v.str().String())
	}
	return 0, false
}

// toBytes returns the bytes of a string, or of a number's text, which it puts into buf.
func toBytes(v Value, buf *[32]byte) ([]byte, bool) {
	if v.n == tagString {
		return v.str().Bytes(), true
	}
	if v.n > tagMax {
		return AppendNumber(buf[:0], v.float()), true
	}
	return nil, false
}

// AppendNumberPrecision appends f with a number of significant digits of at least 1.
func AppendNumberPrecision(dst []byte, f float64, digits int) []byte { return appendG(dst, f, digits) }

// ScanNumber reads a number at the head of s as C's strtod does, and returns how many
// bytes it took, 0 if there is none.
func ScanNumber(s []byte) (f float64, n int) {
	return scanNumber(unsafe.String(unsafe.SliceData(s), len(s)))
}

// IsNumeric tells whether v is a number or a string that converts to one.
func (v Value) IsNumeric() bool {
	_, ok := toNumber(v)
	return ok
}

// ToNumber returns the number that v is or converts to, 0 if it is none.
func (v Value) ToNumber() float64 {
	f, _ := toNumber(v)
	return f
}
