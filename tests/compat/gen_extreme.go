package compat

import (
	"strconv"
	"strings"
)

// extremeWords are numbers at the edges of what integers and doubles hold, whole doubles
// with many digits, and what is near them.
var extremeWords = []string{
	"9223372036854775807", "9223372036854775806", "-9223372036854775808", "-9223372036854775807",
	"4611686018427387904", "-4611686018427387904", "9223372036854775", "-9223372036854775", "18446744073709551615",
	"2147483647", "-2147483648", "2147483648", "-2147483649", "4294967295", "4294967296", "-4294967296",
	"4503599627370496", "4503599627370497", "9007199254740991", "9007199254740993", "-9007199254740993",
	"1009651914519660511", "-1009651914519660511", "1152921504606846977",
	"1e15", "1e16", "1e17", "1e18", "1e19", "1e21", "1e22", "123456789012345678901234567890", "99999999999999999999",
	"1.7976931348623157e308", "-1.7976931348623157e308", "5e-324", "-5e-324", "2.2250738585072014e-308", "1e-7", "0.1", "-0.0",
	"0", "-1", "1", "1000000000", "1000000000000",
	"-0", "+1", " 1", "1 ", "01", "1e3", "0x10", "nan", "-nan", "inf", "-inf", "+inf", "infinity", "1e400", "",
}

// extreme puts extremes in the place of a command's numbers.
func (g *G) extreme(args []string) []string {
	out := append([]string(nil), args...)
	for i := 1; i < len(out); i++ {
		digits := strings.TrimLeft(out[i], "(#ui") // bounds, offsets and types of BITFIELD
		if _, err := strconv.ParseFloat(digits, 64); err != nil || digits == "" || !g.P(50) {
			continue
		}
		out[i] = out[i][:len(out[i])-len(digits)] + g.Pick(extremeWords...)
	}
	if !extremeAllowed(out) {
		return args
	}
	return out
}

// extremeAllowed refuses extremes that take for ever on both sides, and what moves the
// connection or the server out of the sequence's hands.
func extremeAllowed(args []string) bool {
	name := Step{Args: args}.Name()
	switch name {
	case "srandmember", "hrandfield", "zrandmember": // as many replies as a negative count says
		n, err := strconv.ParseInt(args[min(2, len(args)-1)], 10, 64)
		return err != nil || n > -1000
	case "xread", "xreadgroup":
		for i := 1; i < len(args); i++ {
			if strings.EqualFold(args[i-1], "BLOCK") {
				return false
			}
		}
	case "bitfield", "bitfield_ro":
		for _, a := range args {
			if strings.HasPrefix(a, "#") && len(a) > len("#100000000000000000") {
				return false // times the width it overflows, which the oracle's C leaves undefined: it writes anywhere
			}
		}
	case "setrange", "append":
		return len(args) < 3 || len(args[2]) < 4 || allowed(args)
	}
	container, _, _ := strings.Cut(name, "|")
	switch container {
	case "client", "config", "debug", "hello", "wait":
		return false
	}
	return true
}
