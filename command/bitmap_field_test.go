package command

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestBitField(t *testing.T) {
	const offset = "-" + errBitOffset
	const fieldType = "-" + errFieldType
	r := newRig(t)
	r.putOther("l")
	r.talk([]exchange{
		{"bitfield k", "[]"},
		{"bitfield k overflow sat", "[]"},
		{"bitfield k get u8 0", "[0]"},
		{"get k", "nil"},
		{"bitfield k incrby i5 100 1 get u4 0", "[1 0]"},
		{"strlen k", "14"},
		{"bitfield k set i8 0 -5 get i8 0 get u8 0 get u4 #1", "[0 -5 251 11]"},
		{"bitfield m incrby u2 100 1 OVERFLOW SAT incrby u2 102 1", "[1 1]"},
		{"bitfield m incrby u2 100 1 OVERFLOW SAT incrby u2 102 1", "[2 2]"},
		{"bitfield m incrby u2 100 1 OVERFLOW SAT incrby u2 102 1", "[3 3]"},
		{"bitfield m incrby u2 100 1 OVERFLOW SAT incrby u2 102 1", "[0 3]"},
		{"bitfield m overflow fail incrby u2 102 1", "[nil]"},
		{"bitfield m overflow fail set u2 102 4 overflow wrap set u2 102 5 get u2 102", "[nil 3 1]"},
		{"bitfield m set u8 #1 300 get u8 8 incrby i8 #1 100", "[0 44 -112]"},
		{"bitfield m overflow sat set i8 0 -1000 get i8 0 set u8 0 -1 get u8 0", "[0 -128 128 255]"},
		{"bitfield m set i64 3 -1 get i64 3 incrby i64 3 -9223372036854775807", "[-252201579132747776 -1 -9223372036854775808]"},
		{"bitfield m set u63 1 9223372036854775807 incrby u63 1 1", "[8070450532247928832 0]"},
		{"bitfield_ro m get u8 0 get i8 #1", "[128 0]"},
		{"bitfield_ro none get u8 0", "[0]"},
		{"bitfield_ro m overflow sat get u8 0", "[128]"},
		{"bitfield_ro m set u8 0 0", "-" + errFieldReadOnly},
		{"bitfield_ro m get u8 0 get u8", "-" + ErrSyntax},
		{"bitfield m get u64 0", fieldType},
		{"bitfield m get i65 0", fieldType},
		{"bitfield m get u0 0", fieldType},
		{"bitfield m get u08 0", fieldType},
		{"bitfield m get U8 0", fieldType},
		{"bitfield m get u 0", fieldType},
		{"bitfield m get u8 -1", offset},
		{"bitfield m get u8 #", offset},
		{"bitfield m get u8 #536870912", offset},
		{"bitfield m get u8 #9223372036854775807", offset},
		{"bitfield m get u8 4294967296", offset},
		{"bitfield m set u8 0 x", "-" + ErrNotInteger},
		{"bitfield m incrby u8 0 9223372036854775808", "-" + ErrNotInteger},
		{"bitfield m overflow foo", "-" + errFieldOverflow},
		{"bitfield m overflow", "-" + ErrSyntax},
		{"bitfield m foo u8 0", "-" + ErrSyntax},
		{"bitfield m set u8 0", "-" + ErrSyntax},
		{"bitfield l set u8 0 1", wrongType},
		{"bitfield l get u8 0", wrongType},
		{"bitfield l set u8 0 1 get u8", "-" + ErrSyntax},
	})
	r.want("set n 12", "OK")
	r.want("bitfield n get u8 8 set u8 0 51 get u16 0 get u16 8", "[50 49 13106 12800]")
	r.want("get n", `"32"`)
}

func TestBitFieldEvents(t *testing.T) {
	r := newRig(t)
	r.wantEvents("bitfield k get u8 0", 0)
	r.wantEvents("bitfield k overflow fail incrby u2 0 100", 0, "new k")
	r.wantEvents("bitfield k set u8 0 0", 0)
	r.wantEvents("bitfield k set u8 0 1 set u8 0 1", 1, "setbit k")
	r.wantEvents("bitfield k set u8 80 0 set u8 0 1", 2, "setbit k")
	r.wantEvents("bitfield m set u8 0 0 get u8 0", 1, "new m", "setbit m")
	r.wantEvents("bitfield m overflow fail set u8 80 256", 0)
	r.want("strlen m", "11")
}

// The fields against arbitrary precision arithmetic, at all widths and offsets.
func TestBitFieldModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	r := newRig(t)
	number := func() int64 {
		v := int64(rnd.Uint64())
		switch rnd.IntN(4) {
		case 0:
			return v >> rnd.IntN(64)
		case 1:
			return []int64{0, 1, -1, math.MaxInt64, math.MinInt64 + 1<<62}[rnd.IntN(5)]
		}
		return v
	}
	bitmap := new(big.Int) // bit i of the bitmap is its bit total-1-i
	const total = 256
	read := func(off, n int) *big.Int {
		v := new(big.Int).Rsh(bitmap, uint(total-off-n))
		return v.And(v, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(n)), big.NewInt(1)))
	}
	for range 20_000 {
		sign := rnd.IntN(2) == 0
		n := 1 + rnd.IntN(63)
		off := rnd.IntN(total - n)
		mod := new(big.Int).Lsh(big.NewInt(1), uint(n))
		least, most := big.NewInt(0), new(big.Int).Sub(mod, big.NewInt(1))
		kind := "u"
		if sign {
			kind = "i"
			least.Neg(new(big.Int).Rsh(mod, 1))
			most.Rsh(mod, 1).Sub(most, big.NewInt(1))
		}
		value := func(bits *big.Int) *big.Int {
			if bits.Cmp(most) > 0 {
				return new(big.Int).Sub(bits, mod)
			}
			return bits
		}
		old := value(read(off, n))
		arg := number()
		mode := []string{"wrap", "sat", "fail"}[rnd.IntN(3)]
		op := []string{"set", "incrby"}[rnd.IntN(2)]
		next := big.NewInt(arg)
		if op == "incrby" {
			next.Add(next, old)
		}
		above := next.Cmp(most) > 0 ||
			op == "set" && arg < 0 && (!sign || !new(big.Int).Sub(most, next).IsInt64())
		below := !above && next.Cmp(least) < 0
		reply := ""
		switch {
		case !above && !below:
		case mode == "fail":
			next, reply = old, "nil"
		case mode == "wrap":
			next = value(next.Mod(next, mod))
		case above:
			next = most
		default:
			next = least
		}
		if reply == "" && op == "set" {
			reply = old.String()
		} else if reply == "" {
			reply = next.String()
		}
		bits := new(big.Int).Mod(next, mod)
		clearMask := new(big.Int).Lsh(new(big.Int).Sub(mod, big.NewInt(1)), uint(total-off-n))
		bitmap.AndNot(bitmap, clearMask).Or(bitmap, bits.Lsh(bits, uint(total-off-n)))
		line := "bitfield k overflow " + mode + " " + op + " " + kind + strconv.Itoa(n) + " " + strconv.Itoa(off) + " " + strconv.FormatInt(arg, 10)
		if r.want(line, "["+reply+"]"); t.Failed() {
			t.FailNow()
		}
	}
	r.do("setbit k 255 0")
	bitmap.SetBit(bitmap, 0, 0)
	var want [total / 8]byte
	bitmap.FillBytes(want[:])
	r.want("get k", strconv.Quote(string(want[:])))
}

func TestBitFieldChunked(t *testing.T) {
	r := newRig(t)
	r.wantArgs("OK", "set", "k", strings.Repeat("\xff", 200_000))
	off := strconv.Itoa(65536*8 - 30)
	r.want("bitfield k get u60 "+off+" set u60 "+off+" 5 get u60 "+off, "[1152921504606846975 1152921504606846975 5]")
	r.want("bitfield k get u8 1599996 incrby u8 1600000 7", "[240 7]")
	r.want("strlen k", "200001")
}
