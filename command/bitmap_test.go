package command

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestBits(t *testing.T) {
	const offset = "-" + errBitOffset
	r := newRig(t)
	r.putOther("l")
	r.talk([]exchange{
		{"setbit k 7 1", "0"},
		{"get k", `"\x01"`},
		{"setbit k 7 0", "1"},
		{"setbit k 17 1", "0"},
		{"get k", `"\x00\x00@"`},
		{"getbit k 17", "1"},
		{"getbit k 16", "0"},
		{"getbit k 100000", "0"},
		{"getbit none 0", "0"},
		{"set n 1", "OK"}, // 0x31
		{"getbit n 2", "1"},
		{"setbit n 6 1", "0"},
		{"get n", `"3"`},
		{"incr n", "4"},
		{"setbit k -1 0", offset},
		{"setbit k x 0", offset},
		{"setbit k 4294967296 0", offset},
		{"setbit k 9223372036854775807 0", offset},
		{"setbit l x 0", offset},
		{"setbit l 0 2", "-" + errBit},
		{"setbit k 0 -1", "-" + errBit},
		{"setbit k 0 x", "-" + errBit},
		{"setbit l 0 1", wrongType},
		{"getbit k -1", offset},
		{"getbit k #1", offset},
		{"getbit l 0", wrongType},
	})
	r.wantEvents("setbit k 17 1", 0)
	r.wantEvents("setbit k 17 0", 1, "setbit k")
	r.wantEvents("setbit k 30 0", 1, "setbit k")
	r.wantEvents("setbit new 30 0", 1, "new new", "setbit new")
	r.want("setbit far 4294967295 1", "0")
	r.want("strlen far", "536870912")
	r.want("bitcount far -70000 -1", "1")
	r.want("bitpos far 1 -70000", "4294967295")
}

func TestBitCount(t *testing.T) {
	r := newRig(t)
	r.putOther("l")
	r.do("set k foobar")
	r.talk([]exchange{
		{"bitcount k", "26"},
		{"bitcount k 0 0", "4"},
		{"bitcount k 1 1", "6"},
		{"bitcount k 1 1 byte", "6"},
		{"bitcount k 5 30 BIT", "17"},
		{"bitcount k 0 -1 bit", "26"},
		{"bitcount k -9 -1 bit", "5"},
		{"bitcount k -100 100", "26"},
		{"bitcount k 3 2", "0"},
		{"bitcount k -1 -2", "0"},
		{"bitcount k 0 -100", "4"},
		{"bitcount k 6 7", "0"},
		{"bitcount none", "0"},
		{"bitcount none 0 -1 bit", "0"},
		{"bitcount k 0", "-" + ErrSyntax},
		{"bitcount k 0 1 bits", "-" + ErrSyntax},
		{"bitcount k 0 1 bit x", "-" + ErrSyntax},
		{"bitcount k 0 x foo", "-" + ErrNotInteger},
		{"bitcount none 0 x", "-" + ErrNotInteger}, // since 7.2
		{"bitcount l", wrongType},
	})
	r.wantArgs("OK", "set", "empty", "")
	r.want("bitcount empty", "0")
	r.want("bitcount empty 0 -1", "0")
}

func TestBitPos(t *testing.T) {
	r := newRig(t)
	r.putOther("l")
	r.wantArgs("OK", "set", "k", "\xff\xf0\x00")
	r.wantArgs("OK", "set", "ones", "\xff\xff\xff")
	r.wantArgs("OK", "set", "zeros", "\x00\x00\x00")
	r.wantArgs("OK", "set", "empty", "")
	r.talk([]exchange{
		{"bitpos k 0", "12"},
		{"bitpos k 1", "0"},
		{"bitpos k 1 1", "8"},
		{"bitpos k 1 2", "-1"},
		{"bitpos k 0 2", "16"},
		{"bitpos k 0 0 0", "-1"},
		{"bitpos k 0 0 1", "12"},
		{"bitpos k 0 0 11 bit", "-1"},
		{"bitpos k 0 5 12 bit", "12"},
		{"bitpos k 1 11 -1 bit", "11"},
		{"bitpos k 1 12 -1 bit", "-1"},
		{"bitpos k 0 -12 -1 bit", "12"},
		{"bitpos k 1 3 1", "-1"},
		{"bitpos ones 0", "24"},
		{"bitpos ones 0 1", "24"},
		{"bitpos ones 0 0 -1", "-1"},
		{"bitpos ones 0 0 -1 bit", "-1"},
		{"bitpos zeros 1", "-1"},
		{"bitpos empty 0", "-1"},
		{"bitpos empty 1", "-1"},
		{"bitpos none 0", "0"},
		{"bitpos none 1", "-1"},
		{"bitpos none 0 5 -1 bit", "0"},
		{"bitpos k 2", "-" + errBitArgument},
		{"bitpos k -1", "-" + errBitArgument},
		{"bitpos k x", "-" + ErrNotInteger},
		{"bitpos k 1 x", "-" + ErrNotInteger},
		{"bitpos k 1 0 x", "-" + ErrNotInteger},
		{"bitpos k 1 0 x foo", "-" + ErrSyntax},
		{"bitpos k 1 0 1 bit x", "-" + ErrSyntax},
		{"bitpos none 2", "-" + errBitArgument},
		{"bitpos l 1", wrongType},
	})
}

func TestBitOp(t *testing.T) {
	r := newRig(t)
	r.putOther("l")
	r.do("mset a abcdef b ab n 12")
	r.talk([]exchange{
		{"bitop and d a b", "6"},
		{"get d", `"ab\x00\x00\x00\x00"`},
		{"bitop OR d b a none", "6"},
		{"get d", `"abcdef"`},
		{"bitop xor d a b n", "6"},
		{"get d", `"12cdef"`},
		{"bitop not d n", "2"},
		{"get d", `"\xce\xcd"`},
		{"bitop and d none", "0"},
		{"get d", "nil"},
		{"bitop foo d a", "-" + ErrSyntax},
		{"bitop not d a b", "-" + errBitNot},
		{"bitop and d a l", wrongType},
		{"bitop and l a", "6"},
		{"get l", `"abcdef"`},
	})
	r.wantEvents("bitop and d none", 0)
	r.wantEvents("bitop and d a", 1, "new d", "set d")
	r.wantEvents("bitop and d a", 1, "set d")
	r.wantEvents("bitop and d none", 1, "del d")
}

// Long results are computed block by block, into a destination that may be a source.
func TestBitOpLong(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	sizes := []int{0, 1, 100, 65_537, bitOpBlockBytes, bitOpBlockBytes + 1, 3*bitOpBlockBytes + 77}
	value := func() string {
		b := make([]byte, sizes[rnd.IntN(len(sizes))])
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return string(b)
	}
	r := newRig(t)
	r.do("set d v ex 100")
	for range 25 {
		vals := map[string]string{}
		for _, k := range []string{"d", "x", "y"} {
			v := value()
			vals[k] = v
			if v == "" {
				r.run("getdel", k)
			} else {
				r.run("set", k, v, "ex", "100")
			}
		}
		op := []string{"and", "or", "xor", "not"}[rnd.IntN(4)]
		srcs := []string{"d", "x", "y"}[rnd.IntN(3):]
		if op == "not" {
			srcs = srcs[:1]
		}
		var want []byte
		longest := 0
		for _, s := range srcs {
			longest = max(longest, len(vals[s]))
		}
		for i, s := range srcs {
			v := append([]byte(vals[s]), make([]byte, longest-len(vals[s]))...)
			if i == 0 {
				want = v
			}
			for j := range v {
				switch {
				case op == "not":
					want[j] = ^want[j]
				case i == 0:
				case op == "and":
					want[j] &= v[j]
				case op == "or":
					want[j] |= v[j]
				default:
					want[j] ^= v[j]
				}
			}
		}
		r.wantArgs(strconv.Itoa(longest), append([]string{"bitop", op, "d"}, srcs...)...)
		if longest == 0 {
			r.want("get d", "nil")
			continue
		}
		if got := r.run("get", "d"); got != "$"+strconv.Itoa(longest)+"\r\n"+string(want)+"\r\n" {
			t.Fatalf("BITOP %s of %v: the result is wrong", op, srcs)
		}
		r.wantDeadline("d", 0)
		r.wantEncoding("d", "raw")
	}
}

func TestBitKernels(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for n := range 100 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		want := 0
		for _, c := range b {
			want += bits.OnesCount8(c)
		}
		if got := countBits(b); got != int64(want) {
			t.Errorf("countBits of %d bytes: %d, want %d", n, got, want)
		}
		for bit := range 8 * n {
			clear(b)
			b[bit/8] = 0x80 >> (bit % 8)
			if got := findBit(b, 1); got != int64(bit) {
				t.Fatalf("findBit 1 in %d bytes: %d, want %d", n, got, bit)
			}
			invert(b)
			if got := findBit(b, 0); got != int64(bit) {
				t.Fatalf("findBit 0 in %d bytes: %d, want %d", n, got, bit)
			}
		}
		clear(b)
		if findBit(b, 1) != -1 {
			t.Errorf("findBit found a 1 among zeros")
		}
		invert(b)
		if findBit(b, 0) != -1 {
			t.Errorf("findBit found a 0 among ones")
		}
	}
}

// Counting and searching over chunks, at ranges around their borders.
func TestBitmapsChunked(t *testing.T) {
	const size = 3<<16 + 5
	r := newRig(t)
	b := []byte(strings.Repeat("\x00", size))
	for _, at := range []int{65535, 65536, 131071, 196608, size - 1} {
		b[at] = 0x18
	}
	r.wantArgs("OK", "set", "k", string(b))
	ranges := []int{0, 65535, 65536, 65537, 131071, 131072, 196607, 196608, size - 1}
	for _, from := range ranges {
		for _, to := range ranges {
			count, first := 0, -1
			for i := from; i <= to; i++ {
				count += bits.OnesCount8(b[i])
				if first < 0 && b[i] != 0 {
					first = 8*i + 3
				}
			}
			at := " " + strconv.Itoa(from) + " " + strconv.Itoa(to)
			r.want("bitcount k"+at, strconv.Itoa(count))
			r.want("bitpos k 1"+at, strconv.Itoa(first))
			bitsAt := " " + strconv.Itoa(8*from+4) + " " + strconv.Itoa(8*to+3) + " bit"
			if from <= to {
				first, count = -1, 0
				for i := 8*from + 4; i <= 8*to+3; i++ {
					if b[i/8]>>(7-i%8)&1 != 0 {
						if count++; first < 0 {
							first = i
						}
					}
				}
				r.want("bitcount k"+bitsAt, strconv.Itoa(count))
				r.want("bitpos k 1"+bitsAt, strconv.Itoa(first))
			}
		}
	}
}

func BenchmarkBitCount64KB(b *testing.B) {
	r := newRig(b)
	r.run("set", "k", strings.Repeat("abcdefgh", 8<<10))
	args := argsOf("bitcount", "k")
	b.SetBytes(64 << 10)
	for b.Loop() {
		r.out.Reset()
		r.exec(args)
		r.w.Flush()
	}
}

func BenchmarkBitOpAnd64KB(b *testing.B) {
	r := newRig(b)
	v := strings.Repeat("abcdefgh", 8<<10)
	r.run("mset", "k", v, "l", v)
	args := argsOf("bitop", "and", "d", "k", "l")
	b.SetBytes(64 << 10)
	for b.Loop() {
		r.out.Reset()
		r.exec(args)
		r.w.Flush()
	}
}
