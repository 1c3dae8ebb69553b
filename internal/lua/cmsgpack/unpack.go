package cmsgpack

import (
	"encoding/binary"
	"math"

	"github.com/kringdb/kring/internal/lua"
)

// maxDepth bounds the nesting of what is unpacked: the reference library keeps two
// values per level on Lua's stack of 8,000.
const maxDepth = 3990

func unpack(t *lua.Thread) int { return unpackSome(t, 0, 0) }

func unpackOne(t *lua.Thread) int {
	offset := t.OptInt(1, 0)
	t.SetTop(1)
	return unpackSome(t, 1, offset)
}

func unpackLimit(t *lua.Thread) int {
	limit := t.CheckInt(1)
	offset := t.OptInt(2, 0)
	t.SetTop(1)
	return unpackSome(t, limit, offset)
}

// unpackSome unpacks up to limit values from offset on, and pushes before them where the
// next one begins, -1 at the end. Without limit and offset it unpacks all.
func unpackSome(t *lua.Thread, limit, offset int) int {
	data := t.CheckBytes(0)
	switch {
	case offset < 0 || limit < 0:
		t.Errorf("Invalid request to unpack with offset of %d and limit of %d.", offset, len(data))
	case offset > len(data):
		t.Errorf("Start offset %d greater than input length %d.", offset, len(data))
	}
	all := limit == 0 && offset == 0
	if all {
		limit = math.MaxInt32
	}
	u := unpacker{t: t, rest: data[offset:]}
	first := t.NArgs()
	if !all {
		t.Push(lua.Nil)
	}
	n := 0
	for len(u.rest) > 0 && n < limit {
		t.NeedRoom(1, "in function mp_decode_to_lua_type")
		v := u.value(0)
		t.Push(v)
		n++
	}
	if all {
		return n
	}
	next := len(data) - len(u.rest)
	if len(u.rest) == 0 {
		next = -1
	}
	t.SetArg(first, lua.Int(next))
	return n + 1
}

type unpacker struct {
	t    *lua.Thread
	rest []byte
}

func (u *unpacker) take(n int) []byte {
	if n > len(u.rest) {
		u.t.Errorf("Missing bytes in input.")
	}
	b := u.rest[:n]
	u.rest = u.rest[n:]
	return b
}

func (u *unpacker) uint(n int) uint64 {
	b := u.take(n)
	switch n {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return binary.BigEndian.Uint64(b)
}

func (u *unpacker) value(depth int) lua.Value {
	c := u.take(1)[0]
	switch {
	case c <= 0x7f || c >= 0xe0:
		return lua.Int(int(int8(c)))
	case c <= 0x8f:
		return u.fields(int(c&15), depth)
	case c <= 0x9f:
		return u.array(int(c&15), depth)
	case c <= 0xbf:
		return u.string(int(c & 31))
	}
	switch c {
	case 0xc0:
		return lua.Nil
	case 0xc2, 0xc3:
		return lua.Bool(c == 0xc3)
	case 0xca:
		return lua.NumberOfBits(math.Float64bits(float64(math.Float32frombits(uint32(u.uint(4))))))
	case 0xcb:
		return lua.NumberOfBits(u.uint(8))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return lua.Number(float64(u.uint(1 << (c - 0xcc))))
	case 0xd0, 0xd1, 0xd2, 0xd3:
		n := 1 << (c - 0xd0)
		shift := 64 - 8*n
		return lua.Number(float64(int64(u.uint(n)<<shift) >> shift))
	case 0xd9, 0xda, 0xdb:
		return u.string(int(u.uint(1 << (c - 0xd9))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2<<(c-0xdc))), depth)
	case 0xde, 0xdf:
		return u.fields(int(u.uint(2<<(c-0xde))), depth)
	}
	u.t.Errorf("Bad data format in input.")
	return lua.Nil
}

func (u *unpacker) string(n int) lua.Value {
	b := u.take(n)
	if n <= 40 {
		return u.t.State().Cached(b)
	}
	return u.t.State().String(b)
}

func (u *unpacker) descend(n, depth int, what string) {
	if depth >= maxDepth {
		u.t.Errorf("stack overflow (in function %s)", what)
	}
	u.t.State().Spend(16 * min(n, len(u.rest)))
}

func (u *unpacker) array(n, depth int) lua.Value {
	u.descend(n, depth, "mp_decode_to_lua_array")
	tb := u.t.State().NewTable(0, 0)
	for i := 1; i <= n; i++ {
		tb.SetInt(i, u.value(depth+1))
	}
	return lua.TableValue(tb)
}

func (u *unpacker) fields(n, depth int) lua.Value {
	u.descend(n, depth, "mp_decode_to_lua_hash")
	tb := u.t.State().NewTable(0, 0)
	for range n {
		k := u.value(depth + 1)
		v := u.value(depth + 1)
		u.t.RawSet(tb, k, v)
	}
	return lua.TableValue(tb)
}
