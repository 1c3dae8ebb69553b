package compat

import "strings"

// A small pool of keys, so that types, deadlines and values meet.
var keyWords = []string{
	"k0", "k1", "k2", "k3", "k4", "k5", "n0", "n1", "bits", "",
	"b\x00\xff\r\n", "{t}a", "{t}b", "key with spaces", "*?[x]\\",
}

// numberWords are numbers that Redis reads, with the edges.
var numberWords = []string{
	"0", "1", "-1", "2", "3", "5", "7", "8", "10", "15", "63", "64", "100", "-2", "-5", "-100",
	"9999", "10000", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
	"9223372036854775807", "-9223372036854775808", "9223372036854775806",
}

// oddNumberWords are spellings that Redis refuses somewhere, or reads as floats only.
var oddNumberWords = []string{
	" 1", "1 ", "+1", "01", "-0", "1e3", "1E3", "0x10", "1.0", "1.5", "-1.5", ".5", "5.", "", " ", "abc", "1a", "a1", "--1",
	"9223372036854775808", "-9223372036854775809", "18446744073709551615", "99999999999999999999999", "inf", "-inf", "+inf",
	"nan", "infinity", "1e400", "-1e400", "1_000", "1\x00", "\x001", "１", "1,5", "3.0e+2", "0.1", "1e-5", "000",
}

// floatWords are increments with interesting sums.
var floatWords = []string{
	"0.1", "0.2", "-0.3", "1.5", "3.0e3", "1e10", "1e-10", "200.0e2", "5.0e3", "0.0000001", "123456789.987654321",
	"1e17", "-1e17", "0", "-0.0", "3", "1e308", "1.7e308", "0.30000000000000004", "10.50", "99999999999999999.1",
}

// textWords are values; fixed lengths stand around the 44 bytes of embstr.
var textWords = []string{
	"", "a", "foo", "bar", "foobar", "hello world", "ohmytext", "mynewtext", "\x00", "\x00\x01\x02\xff\xfe", "\r\n", "\"q\"",
	"\xff\xff\xff\xff", "\x80\x00\x00\x01", "αβγδ", "0", "1", "12", "-7", "1.5", "true", "nil",
	strings.Repeat("x", 20), strings.Repeat("x", 43), strings.Repeat("y", 44), strings.Repeat("z", 45), strings.Repeat("w", 64),
	strings.Repeat("abcdefgh", 40), strings.Repeat("\x00", 32),
}

// patternWords are for KEYS and MATCH.
var patternWords = []string{
	"*", "k*", "k?", "k[0-2]", "k[^0-2]", "k[2-0]", "[kn]0", "n\\0", "\\*\\?*", "", "?", "b*", "*a", "{t}*", "*[x]*", "k[", "k[0",
	"k\\", "**", "*k*0*", "k[\\0]", "[]", "[^]", "k0", "nosuch", "*\r\n", "k[0-", "[k-][0-9]",
}

// optionWords may follow any command when arguments are damaged.
var optionWords = []string{
	"NX", "XX", "GT", "LT", "EX", "PX", "EXAT", "PXAT", "KEEPTTL", "GET", "PERSIST", "BYTE", "BIT", "LEN", "IDX", "MINMATCHLEN",
	"WITHMATCHLEN", "DB", "REPLACE", "MATCH", "COUNT", "TYPE", "ASYNC", "SYNC", "OVERFLOW", "WRAP", "SAT", "FAIL", "AND", "NOT",
	"nx", "Ex", "keepttl", "bogus",
}
