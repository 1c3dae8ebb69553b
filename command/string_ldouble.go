package command

import "math/big"

// INCRBYFLOAT computes in the x87 extended format (long double): a 64-bit mantissa
// and a 15-bit exponent. big.Float with 64 bits of precision gives the same
// roundings; the exponent's range is checked by hand. Subnormal numbers keep more
// bits here than on the x87, which the 17 printed decimals cannot show.

const (
	ldoublePrecBits  = 64
	ldoubleMaxExp    = 16384  // values are below 2^16384
	ldoubleMinExp    = -16445 // the smallest subnormal is 2^-16445; half of it rounds to zero
	ldoubleDecimals  = 17     // decimals printed before trailing zeros are dropped
	ldoubleExpClamp  = 1 << 20
	ldoubleMaxDigits = 4940  // more digits before the point overflow whatever they are
	ldoubleMinDigits = -4960 // fewer (zeros after the point) underflow
)

// parseLongDouble reads s into z as strtold does, in the C locale and with nothing
// before or after the number: decimal or hexadecimal with an optional exponent,
// "inf", "infinity". It returns false for anything else, NaN included, and for
// numbers outside the range of a long double.
func parseLongDouble(z *big.Float, s []byte) bool {
	if len(s) == 0 || len(s) >= maxFloatTextBytes {
		return false
	}
	neg := false
	if s[0] == '-' || s[0] == '+' {
		neg = s[0] == '-'
		s = s[1:]
	}
	z.SetPrec(ldoublePrecBits).SetMode(big.ToNearestEven)
	if equalFold(s, "inf") || equalFold(s, "infinity") {
		z.SetInf(neg)
		return true
	}
	ok := false
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		ok = parseHexFloat(z, s[2:])
	} else {
		ok = parseDecFloat(z, s)
	}
	if ok && neg {
		z.Neg(z)
	}
	return ok
}

// parseDecFloat reads an unsigned decimal number.
func parseDecFloat(z *big.Float, s []byte) bool {
	digits, scale, rest := splitDigits(s, isDecDigit)
	if digits == nil {
		return false
	}
	exp, ok := parseExponent(rest, 'e')
	if !ok {
		return false
	}
	m, _ := new(big.Int).SetString(string(digits), 10)
	if m.Sign() == 0 {
		z.SetInt64(0)
		return true
	}
	exp -= scale
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	if at := len(digits) + exp; at > ldoubleMaxDigits || at < ldoubleMinDigits {
		return false
	}
	// Both branches round once, to 64 bits: the operands are exact.
	if exp >= 0 {
		z.SetInt(m.Mul(m, pow10(exp)))
	} else {
		z.Quo(new(big.Float).SetInt(m), new(big.Float).SetInt(pow10(-exp)))
	}
	return inLongDoubleRange(z)
}

// parseHexFloat reads an unsigned hexadecimal number behind its 0x.
func parseHexFloat(z *big.Float, s []byte) bool {
	digits, scale, rest := splitDigits(s, isHexDigit)
	if digits == nil {
		return false
	}
	exp, ok := parseExponent(rest, 'p')
	if !ok {
		return false
	}
	m, _ := new(big.Int).SetString(string(digits), 16)
	z.SetInt(m)
	if m.Sign() == 0 {
		return true
	}
	z.SetMantExp(z, exp-4*scale)
	return inLongDoubleRange(z)
}

// splitDigits takes digits with at most one point off s. It returns the digits
// without the point (nil when there is none), how many stood behind the point, and
// the rest of s.
func splitDigits(s []byte, is func(byte) bool) (digits []byte, scale int, rest []byte) {
	point := false
	for i, ch := range s {
		switch {
		case is(ch):
			digits = append(digits, ch)
			if point {
				scale++
			}
		case ch == '.' && !point:
			point = true
		default:
			return digits, scale, s[i:]
		}
	}
	return digits, scale, nil
}

func isDecDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHexDigit(c byte) bool { return isDecDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// parseExponent reads nothing, or mark, an optional sign and digits. Exponents
// beyond any representable number are clamped.
func parseExponent(s []byte, mark byte) (exp int, ok bool) {
	if len(s) == 0 {
		return 0, true
	}
	if s[0]|0x20 != mark {
		return 0, false
	}
	s = s[1:]
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 {
		return 0, false
	}
	for _, ch := range s {
		if !isDecDigit(ch) {
			return 0, false
		}
		exp = min(exp*10+int(ch-'0'), ldoubleExpClamp)
	}
	if neg {
		exp = -exp
	}
	return exp, true
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// inLongDoubleRange tells whether a long double can hold z without becoming
// infinite or zero.
func inLongDoubleRange(z *big.Float) bool {
	exp := z.MantExp(nil) // |z| in [2^(exp-1), 2^exp)
	if exp == ldoubleMinExp {
		return z.MinPrec() > 1 // exactly half the smallest subnormal: a tie, rounds to zero
	}
	return exp > ldoubleMinExp && exp <= ldoubleMaxExp
}

// appendLongDouble appends z as Redis prints a long double: 17 decimals, trailing
// zeros and a trailing point dropped, never an exponent, never "-0".
func appendLongDouble(dst []byte, z *big.Float) []byte {
	from := len(dst)
	dst = z.Append(dst, 'f', ldoubleDecimals)
	n := len(dst)
	for dst[n-1] == '0' {
		n--
	}
	if dst[n-1] == '.' {
		n--
	}
	dst = dst[:n]
	if string(dst[from:]) == "-0" {
		dst = append(dst[:from], '0')
	}
	return dst
}
