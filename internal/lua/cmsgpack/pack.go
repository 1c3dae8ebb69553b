package cmsgpack

import (
	"encoding/binary"
	"math"

	"github.com/kringdb/kring/internal/lua"
)

// maxNesting is the level at which tables become nil.
const maxNesting = 16

// Open adds the library to the globals of st.
func Open(st *lua.State) *lua.Table {
	lib := st.Register("cmsgpack", map[string]lua.GoFunc{"pack": pack, "unpack": unpack, "unpack_one": unpackOne, "unpack_limit": unpackLimit})
	for k, v := range map[string]string{
		"_NAME": "cmsgpack", "_VERSION": "lua-cmsgpack 0.4.0", "_COPYRIGHT": "Copyright (C) 2012, Salvatore Sanfilippo",
		"_DESCRIPTION": "MessagePack C implementation for Lua",
	} {
		lib.SetString(lua.Intern(k), lua.StringValue(lua.Intern(v)))
	}
	return lib
}

func pack(t *lua.Thread) int {
	n := t.NArgs()
	if n == 0 {
		t.ArgError(-1, "MessagePack pack needs input.")
	}
	t.NeedRoom(n, "Too many arguments for MessagePack pack.")
	p := packer{t: t}
	for i := range n {
		p.value(t.Arg(i), 0)
	}
	t.PushString(p.out)
	return 1
}

type packer struct {
	t       *lua.Thread
	out     []byte
	charged int
}

func (p *packer) value(v lua.Value, level int) {
	switch v.Type() {
	case lua.TypeString:
		s, _ := v.AsString()
		p.string(s.Bytes())
	case lua.TypeBoolean:
		if v.Truthy() {
			p.out = append(p.out, 0xc3)
		} else {
			p.out = append(p.out, 0xc2)
		}
	case lua.TypeNumber:
		f, _ := v.AsNumber()
		p.number(f)
	case lua.TypeTable:
		if level == maxNesting {
			p.out = append(p.out, 0xc0)
			return
		}
		tb, _ := v.AsTable()
		p.table(tb, level)
	default:
		p.out = append(p.out, 0xc0)
	}
}

// account charges what has been written since the last time.
func (p *packer) account() {
	if n := len(p.out) - p.charged; n > 4096 {
		p.t.State().Growing(len(p.out), n)
		p.charged = len(p.out)
	}
}

func (p *packer) string(b []byte) {
	p.length(len(b), 31, 0xa0, 0xd9)
	p.out = append(p.out, b...)
	p.account()
}

// length appends a length: with the type if it is at most short, else behind wide, which
// is followed by the types for wider lengths. Arrays and maps have none for one byte.
func (p *packer) length(n, short int, fixed, wide byte) {
	one := wide == 0xd9
	switch {
	case n <= short:
		p.out = append(p.out, fixed|byte(n))
		return
	case one && n <= math.MaxUint8:
		p.out = append(p.out, wide, byte(n))
		return
	case one:
		wide++
	}
	if n <= math.MaxUint16 {
		p.out = binary.BigEndian.AppendUint16(append(p.out, wide), uint16(n))
		return
	}
	p.out = binary.BigEndian.AppendUint32(append(p.out, wide+1), uint32(n))
}

func (p *packer) number(f float64) {
	switch {
	case f >= -0x1p63 && f < 0x1p63 && float64(int64(f)) == f:
		p.integer(int64(f))
	case float64(float32(f)) == f:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xca), math.Float32bits(float32(f)))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcb), math.Float64bits(f))
	}
}

func (p *packer) integer(n int64) {
	be := binary.BigEndian
	switch {
	case n >= -32 && n <= 127:
		p.out = append(p.out, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		p.out = append(p.out, 0xcc, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		p.out = be.AppendUint16(append(p.out, 0xcd), uint16(n))
	case n >= 0 && n <= math.MaxUint32:
		p.out = be.AppendUint32(append(p.out, 0xce), uint32(n))
	case n >= 0:
		p.out = be.AppendUint64(append(p.out, 0xcf), uint64(n))
	case n >= math.MinInt8:
		p.out = append(p.out, 0xd0, byte(n))
	case n >= math.MinInt16:
		p.out = be.AppendUint16(append(p.out, 0xd1), uint16(n))
	case n >= math.MinInt32:
		p.out = be.AppendUint32(append(p.out, 0xd2), uint32(n))
	default:
		p.out = be.AppendUint64(append(p.out, 0xd3), uint64(n))
	}
}

func (p *packer) table(tb *lua.Table, level int) {
	count, array := shape(tb)
	p.t.State().Spend(16 * count)
	if array {
		n := tb.Len()
		p.length(n, 15, 0x90, 0xdc)
		for i := 1; i <= n; i++ {
			p.value(tb.GetInt(i), level+1)
		}
		p.account()
		return
	}
	p.length(count, 15, 0x80, 0xde)
	for k, v, at := tb.Step(0); !k.IsNil(); k, v, at = tb.Step(at) {
		p.value(k, level+1)
		p.value(v, level+1)
	}
	p.account()
}

// shape returns the number of fields, and whether they are an array.
func shape(tb *lua.Table) (count int, array bool) {
	most := 0.0
	array = true
	for k, _, at := tb.Step(0); !k.IsNil(); k, _, at = tb.Step(at) {
		count++
		f, ok := k.AsNumber()
		if !ok || f <= 0 || f > math.MaxInt32 || f != math.Trunc(f) {
			array = false
		}
		most = max(most, f)
	}
	return count, array && most == float64(count)
}
