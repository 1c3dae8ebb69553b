package compat

import (
	"fmt"
	"strconv"
	"strings"
)

// hllGroup: its values are strings, which the string group dumps byte by byte.
var hllGroup = Group{
	Name:     "hyperloglog",
	Commands: `pfadd pfcount pfmerge pfdebug pfselftest`,
	Weight:   10,
	Gens:     hllGens,
	Cases:    hllCases,
}

var hllGens = []Gen{
	{Name: "pfadd", Weight: 30, Make: func(g *G) []string {
		args := []string{"PFADD", g.hllKey()}
		for range g.N(6) {
			args = append(args, g.Value())
		}
		return args
	}},
	{Name: "pfadd many", Weight: 4, Make: func(g *G) []string {
		args := []string{"PFADD", g.hllKey()}
		from := g.N(3000)
		for i := range g.N(900) {
			args = append(args, strconv.Itoa(from+i))
		}
		return args
	}},
	{Name: "pfcount", Weight: 14, Make: func(g *G) []string {
		if g.P(60) {
			return []string{"PFCOUNT", g.hllKey()}
		}
		args := []string{"PFCOUNT"}
		for range 1 + g.N(3) {
			args = append(args, g.hllKey())
		}
		return args
	}},
	{Name: "pfmerge", Weight: 10, Make: func(g *G) []string {
		args := []string{"PFMERGE", g.hllKey()}
		for range g.N(4) {
			args = append(args, g.hllKey())
		}
		return args
	}},
	{Name: "pfdebug", Weight: 6, Make: func(g *G) []string {
		return []string{"PFDEBUG", g.Pick("ENCODING", "encoding", "DECODE", "TODENSE", "GETREG", "bogus"), g.hllKey()}
	}},
	{Name: "damaged", Weight: 3, Make: func(g *G) []string {
		return []string{"SETRANGE", g.hllKey(), strconv.Itoa(g.N(24)), g.Pick("\x00", "\x01", "\x02", "\xff", "H", "\x80")}
	}},
	{Name: "pfselftest", Weight: 1, Make: func(*G) []string { return []string{"PFSELFTEST", "x"} }}, // the real one takes long
}

// hllKey gives mostly keys that other groups leave alone.
func (g *G) hllKey() string {
	if g.P(85) {
		return g.Pick("p0", "p1", "p2")
	}
	return g.Key()
}

// words gives n arguments that begin with prefix, counted from from on.
func words(prefix string, from, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(prefix, from+i)
	}
	return strings.Join(out, " ")
}

var hllCases = []Case{
	{"hyperloglog, sparse", `
		PFADD p
		GET p
		OBJECT ENCODING p
		PFADD p
		PFCOUNT p
		GET p
		PFADD p a b c
		GET p
		PFADD p a b c
		PFADD p d
		PFCOUNT p
		GET p
		PFCOUNT p
		STRLEN p
		PFDEBUG ENCODING p
		PFDEBUG DECODE p
		PFADD p ` + words("x", 0, 300) + `
		GET p
		PFCOUNT p
		PFDEBUG DECODE p
		PFADD q "" " " "\x00"
		GET q
		PFCOUNT q nokey p
		PFCOUNT nokey
		PFCOUNT nokey nokey2
		PFADD t x
		EXPIRE t 1000
		PFADD t y
		TTL t
		PFSELFTEST`},
	{"hyperloglog, dense", `
		PFADD p ` + words("e", 0, 900) + `
		STRLEN p
		PFDEBUG ENCODING p
		PFADD p ` + words("e", 900, 900) + `
		STRLEN p
		PFDEBUG ENCODING p
		GET p
		PFCOUNT p
		GET p
		PFADD p ` + words("e", 0, 20) + `
		PFADD p ` + words("e", 2000, 1000) + `
		PFCOUNT p
		PFADD s one two three
		PFCOUNT p s
		PFDEBUG GETREG s
		PFDEBUG ENCODING s
		PFDEBUG DECODE s
		PFADD u one two three
		PFDEBUG TODENSE u
		PFDEBUG TODENSE u
		GET u
		PFCOUNT u
		OBJECT ENCODING u
		CONFIG SET hll-sparse-max-bytes 40
		PFADD small ` + words("y", 0, 5) + `
		PFDEBUG ENCODING small
		PFADD small ` + words("y", 5, 20) + `
		PFDEBUG ENCODING small
		GET small
		CONFIG SET hll-sparse-max-bytes 3000`},
	{"pfmerge", `
		PFADD a ` + words("a", 0, 50) + `
		PFADD b ` + words("a", 25, 50) + `
		PFMERGE c a b
		GET c
		PFCOUNT c
		PFMERGE c
		GET c
		PFMERGE new
		GET new
		PFMERGE new2 nokey
		GET new2
		PFMERGE a b
		GET a
		PFADD d ` + words("d", 0, 1000) + `
		PFADD d ` + words("d", 1000, 1000) + `
		PFMERGE a d
		PFDEBUG ENCODING a
		GET a
		PFMERGE b a nokey c
		PFCOUNT b
		EXPIRE b 1000
		PFMERGE b a
		TTL b
		OBJECT ENCODING b`},
	{"hyperloglog errors", `
		SET s string
		PFADD s a
		PFCOUNT s
		PFCOUNT nokey s
		PFMERGE s
		PFMERGE x s
		PFDEBUG ENCODING s
		PFDEBUG ENCODING nokey
		PFDEBUG BOGUS nokey
		PFDEBUG ENCODING
		LPUSH l a
		HSET h a 1
		PFADD h a
		PFCOUNT h
		PFMERGE x h
		PFDEBUG ENCODING h
		SET n 12345
		PFADD n a
		PFCOUNT n
		SET short HYLL
		PFADD short a
		SET v "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"
		OBJECT ENCODING v
		PFCOUNT v
		OBJECT ENCODING v
		SET v "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
		PFADD v
		OBJECT ENCODING v
		PFCOUNT v
		GET v
		PFADD v a
		GET v
		SET c "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xfe"
		PFCOUNT c
		PFCOUNT c c
		PFADD c a
		PFMERGE d c
		SET e "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
		PFCOUNT e
		PFADD e a
		SET f "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
		PFADD f a
		SET g "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
		PFADD g a
		PFADD
		PFCOUNT
		PFMERGE
		PFADD ok a
		PFDEBUG BOGUS ok
		PFDEBUG bogus ok extra`},
}
