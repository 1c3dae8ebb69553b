package bit

import (
	"math"
	"math/bits"

	"github.com/kringdb/kring/internal/lua"
)

// Open adds the library to the globals of st.
func Open(st *lua.State) *lua.Table {
	return st.Register("bit", map[string]lua.GoFunc{
		"arshift": shift(func(b uint32, n int) uint32 { return uint32(int32(b) >> n) }),
		"band":    fold(func(a, b uint32) uint32 { return a & b }),
		"bnot":    one(func(b uint32) uint32 { return ^b }),
		"bor":     fold(func(a, b uint32) uint32 { return a | b }),
		"bswap":   one(bits.ReverseBytes32),
		"bxor":    fold(func(a, b uint32) uint32 { return a ^ b }),
		"lshift":  shift(func(b uint32, n int) uint32 { return b << n }),
		"rol":     shift(bits.RotateLeft32),
		"ror":     shift(func(b uint32, n int) uint32 { return bits.RotateLeft32(b, -n) }),
		"rshift":  shift(func(b uint32, n int) uint32 { return b >> n }),
		"tobit":   one(func(b uint32) uint32 { return b }),
		"tohex":   tohex,
	})
}

// arg returns argument i as bits.
func arg(t *lua.Thread, i int) uint32 {
	return uint32(math.Float64bits(t.CheckNumber(i) + 6755399441055744)) // 2^52 + 2^51
}

func push(t *lua.Thread, b uint32) int {
	t.Push(lua.Int(int(int32(b))))
	return 1
}

func one(f func(b uint32) uint32) lua.GoFunc {
	return func(t *lua.Thread) int { return push(t, f(arg(t, 0))) }
}

// fold applies f to all arguments, from the last to the second.
func fold(f func(a, b uint32) uint32) lua.GoFunc {
	return func(t *lua.Thread) int {
		b := arg(t, 0)
		for i := t.NArgs() - 1; i > 0; i-- {
			b = f(b, arg(t, i))
		}
		return push(t, b)
	}
}

func shift(f func(b uint32, n int) uint32) lua.GoFunc {
	return func(t *lua.Thread) int {
		b := arg(t, 0)
		return push(t, f(b, int(arg(t, 1)&31)))
	}
}

func tohex(t *lua.Thread) int {
	b := arg(t, 0)
	n := 8
	if t.TypeOf(1) != lua.TypeNone {
		n = int(int32(arg(t, 1)))
	}
	digits := "0123456789abcdef"
	if n < 0 {
		n, digits = -n, "0123456789ABCDEF"
	}
	n = min(n, 8)
	var buf [8]byte
	for i := n - 1; i >= 0; i-- {
		buf[i] = digits[b&15]
		b >>= 4
	}
	t.PushString(buf[:n])
	return 1
}
