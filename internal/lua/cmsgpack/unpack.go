package cmsgpack

import (
	"encoding/binary"
	"math"

	"github.com/kringdb/kring/internal/lua"
)

// stackSize is how many values the reference library can have on Lua's stack: its argument, the results, and of each
// level of nesting the table and a key. So nesting is bounded.
const stackSize = 8000

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
		v := u.value(1 + n)
		t.NeedRoom(1, tooMany)
		t.Push(v)
		n++
	}
	if all {
		return n
	}
	u.room(2+n, "in function mp_unpack_full")
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

const tooMany = "too many return values at once; use unpack_one or unpack_limit instead."

// room raises an error if the reference library would have no room for so many values on its stack.
func (u *unpacker) room(n int, where string) {
	if n > stackSize {
		u.t.Errorf("stack overflow (%s)", where)
	}
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

// value reads one; top is how many values are on the reference library's stack.
func (u *unpacker) value(top int) lua.Value {
	u.room(top+1, tooMany)
	c := u.take(1)[0]
	switch {
	case c <= 0x7f || c >= 0xe0:
		return lua.Int(int(int8(c)))
	case c <= 0x8f:
		return u.fields(int(c&15), top)
	case c <= 0x9f:
		return u.array(int(c&15), top)
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
	case 0xcf: // an integer of Lua's has a sign
		return lua.Number(float64(int64(u.uint(8))))
	case 0xcc, 0xcd, 0xce:
		return lua.Number(float64(u.uint(1 << (c - 0xcc))))
	case 0xd0, 0xd1, 0xd2, 0xd3:
		n := 1 << (c - 0xd0)
		shift := 64 - 8*n
		return lua.Number(float64(int64(u.uint(n)<<shift) >> shift))
	case 0xd9, 0xda, 0xdb:
		return u.string(int(u.uint(1 << (c - 0xd9))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2<<(c-0xdc))), top)
	case 0xde, 0xdf:
		return u.fields(int(u.uint(2<<(c-0xde))), top)
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

// table makes a table that claims to have n fields.
func (u *unpacker) table(n int) *lua.Table {
	u.t.State().Spend(16 * min(n, len(u.rest)))
	return u.t.State().NewTable(0, 0)
}

func (u *unpacker) array(n, top int) lua.Value {
	tb := u.table(n)
	u.room(top+2, "in function mp_decode_to_lua_array")
	for i := 1; i <= n; i++ {
		tb.SetInt(i, u.value(top+2))
	}
	return lua.TableValue(tb)
}

func (u *unpacker) fields(n, top int) lua.Value {
	tb := u.table(n)
	for range n {
		k := u.value(top + 1)
		v := u.value(top + 2)
		u.t.RawSet(tb, k, v)
	}
	return lua.TableValue(tb)
}
