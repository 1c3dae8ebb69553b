package compat

import "strconv"

var bitmapGroup = Group{Name: "bitmap",
	Commands: `
		bitcount bitfield bitfield_ro bitop bitpos getbit setbit`,
	Weight: 20, Gens: bitmapGens, Cases: bitmapCases}

var bitmapGens = []Gen{
	{Name: "setbit", Weight: 14, Make: func(g *G) []string {
		return []string{"SETBIT", g.Key(), g.bitOffset(), g.Pick("0", "1", "1", "1", "1", "2", "-1", "x", "")}
	}},
	{Name: "getbit", Make: func(g *G) []string { return []string{"GETBIT", g.Key(), g.bitOffset()} }},
	{Name: "bitcount", Make: genBitcount},
	{Name: "bitpos", Make: genBitpos},
	{Name: "bitop", Make: func(g *G) []string {
		op := g.Pick("AND", "OR", "XOR", "NOT", "and", "Or", "xor", "NOT", "NAND")
		return append([]string{"BITOP", op, g.Key()}, g.Keys(4)...)
	}},
	{Name: "bitfield", Weight: 22, Make: func(g *G) []string { return genBitfield(g, "BITFIELD", false) }},
	{Name: "bitfield_ro", Weight: 6, Make: func(g *G) []string { return genBitfield(g, "BITFIELD_RO", g.P(90)) }},
}

func (g *G) bitOffset() string {
	if g.P(8) {
		return g.Pick("4294967296", "9223372036854775807", "-1", "18446744073709551615", "70000", g.Odd())
	}
	return strconv.Itoa(g.N(300))
}

func genBitcount(g *G) []string {
	args := []string{"BITCOUNT", g.Key()}
	if g.P(70) {
		args = append(args, g.Index(), g.Index())
		if g.P(50) {
			args = append(args, g.unit())
		}
	}
	return args
}

func genBitpos(g *G) []string {
	args := []string{"BITPOS", g.Key(), g.Pick("0", "1", "0", "1", "2", "-1", "a")}
	if g.P(70) {
		args = append(args, g.Index())
		if g.P(60) {
			args = append(args, g.Index())
			if g.P(50) {
				args = append(args, g.unit())
			}
		}
	}
	return args
}

func (g *G) unit() string { return g.Pick("BYTE", "BIT", "bit", "Byte", "BIT", "BITS") }

func (g *G) fieldType() string {
	if g.P(8) {
		return g.Pick("u64", "i65", "u0", "i0", "u", "i", "x8", "8", "", "u-1", "I8", "U8", "u08", "u1a", "i 8")
	}
	if g.P(50) {
		return g.Pick("u8", "i8", "u1", "i1", "u2", "u16", "i16", "u32", "i32", "u63", "i64", "i5", "u4", "i33")
	}
	if g.P(50) {
		return "i" + strconv.Itoa(1+g.N(64))
	}
	return "u" + strconv.Itoa(1+g.N(63))
}

func (g *G) fieldOffset() string {
	switch n := g.N(100); {
	case n < 6:
		return g.Pick("-1", "4294967296", "4294967295999", "#-1", "#", "##1", "#9223372036854775807", "9223372036854775807", "# 1", g.Odd())
	case n < 45:
		return "#" + strconv.Itoa(g.N(12))
	}
	return strconv.Itoa(g.N(200))
}

func genBitfield(g *G, name string, readOnly bool) []string {
	args := []string{name, g.Key()}
	for range g.N(6) {
		op := g.N(4)
		if readOnly {
			op = 0
		}
		switch op {
		case 0:
			args = append(args, g.Case("GET"), g.fieldType(), g.fieldOffset())
		case 1:
			args = append(args, g.Case("SET"), g.fieldType(), g.fieldOffset(), g.Int())
		case 2:
			args = append(args, g.Case("INCRBY"), g.fieldType(), g.fieldOffset(), g.Int())
		case 3:
			args = append(args, g.Case("OVERFLOW"), g.Pick("WRAP", "SAT", "FAIL", "wrap", "Sat", "fail", "NONE"))
		}
	}
	return args
}
