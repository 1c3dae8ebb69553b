package compat

// payloadWords are what redis-server 7.0 has dumped: a string, a number, a compressed string, a
// list, a set of numbers, a set, a sorted set, a hash, a stream with a group.
var payloadWords = []string{
	"\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a",                                                                   // s
	"\x00\xc190\x0a\x00\x9d\x94\xea'\x93\xfc\x08\xb9",                                                          // n
	"\x00\xc3\x09@\xc8\x01xx\xe0\xbb\x00\x01xx\x0a\x00\xaa\x8d\xb4J\x0a\xd7\x9d\xcd",                           // long
	"\x12\x01\x02\x0f\x0f\x00\x00\x00\x03\x00\x81a\x02\x81b\x02\x03\x01\xff\x0a\x00\xdc\xa1\xe6}P\x05PH",       // l
	"\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00\x03\x00\x0a\x00\xa5\x02\x5c\xe2mnM\x1b",          // is
	"\x02\x03\x01a\xc0\x01\x01b\x0a\x00\xd6\x1eR\xca\xf5S\x17\x8a",                                             // ss
	"\x11\x14\x14\x00\x00\x00\x04\x00\x81a\x02\x01\x01\x81b\x02\x832.5\x04\xff\x0a\x00\xd4Ln\xa4\xf6D\xd9\xd7", // z
	"\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x81v\x02\x81g\x02\x07\x01\xff\x0a\x00g\x0fs\xbad\xa7\xf2\xa2",   // h
	"\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x1d\x1d\x00\x00\x00\x0a\x00\x01\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01\xff\x01\x01\x01\x01\x01\x00\x00\x01\x01\x01g\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xbel\x06%\xa2\x01\x00\x00\x01\x01\x01c\xbel\x06%\xa2\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x0a\x00\xa5\xdd\xeef^n\x0e-", // x
}

// payload gives one of them, or a damaged one.
func (g *G) payload() string {
	p := payloadWords[g.N(len(payloadWords))]
	switch {
	case g.P(80):
		return p
	case g.P(40):
		return p[:g.N(len(p)+1)]
	}
	b := []byte(p)
	b[g.N(len(b))] ^= byte(1 + g.N(255))
	return string(b)
}

var dumpGens = []Gen{
	{Name: "dump", Weight: 6, Make: func(g *G) []string { return []string{"DUMP", g.Key()} }},
	{Name: "restore", Weight: 10, Make: func(g *G) []string {
		args := []string{"RESTORE", g.Key(), g.Pick("0", "0", "0", g.Millis()), g.payload()}
		if g.P(60) {
			args = append(args, g.Pick("REPLACE", "replace"))
		}
		if g.P(30) {
			args[2] = g.Pick("0", g.UnixMillis())
			args = append(args, "ABSTTL")
		}
		switch g.N(8) {
		case 0:
			args = append(args, "IDLETIME", g.Num())
		case 1:
			args = append(args, "FREQ", g.Num())
		case 2:
			args = append(args, g.Pick("bogus", "FREQ", "IDLETIME", "REPLACE"))
		case 3:
			args[0] = "RESTORE-ASKING"
		}
		return args
	}},
}

var dumpCases = []Case{
	{"dump and restore", `
		DUMP nokey
		DUMP
		DUMP a b
		RESTORE k
		RESTORE k 0
		RESTORE k 0 x
		RESTORE k x x
		RESTORE k -1 x
		RESTORE k 0 x REPLACE
		RESTORE k 0 "" REPLACE
		RESTORE k 0 x bogus
		RESTORE k 0 x IDLETIME
		RESTORE k 0 x IDLETIME x
		RESTORE k 0 x IDLETIME -1
		RESTORE k 0 x FREQ 256
		RESTORE k 0 x FREQ -1
		RESTORE k 0 x FREQ 1 IDLETIME 1
		RESTORE k 0 x IDLETIME 1 FREQ 1
		RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a"
		GET k
		RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a"
		RESTORE k -1 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a"
		RESTORE k -1 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a" REPLACE
		RESTORE k 100000 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a" REPLACE IDLETIME 1000
		PTTL k
		RESTORE k 1 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a" REPLACE ABSTTL
		EXISTS k
		RESTORE k 1 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a" ABSTTL
		EXISTS k
		RESTORE k 9223372036854775807 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0a" REPLACE
		EXISTS k
		RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4\x20\x0b"
		RESTORE k 0 "\x00\x05hello\xff\x7fcr\xdfve4\x20\x0a"`},
}
