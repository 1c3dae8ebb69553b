package structs

import (
	"bytes"
	"fmt"
	"math"

	"github.com/kringdb/kring/internal/lua"
)

const (
	maxIntSize   = 32
	defaultAlign = 8
	intSize      = 4
)

// Open adds the library to the globals of st.
func Open(st *lua.State) *lua.Table {
	return st.Register("struct", map[string]lua.GoFunc{"pack": pack, "unpack": unpack, "size": size})
}

// format is a format that is being read.
type format struct {
	t     *lua.Thread
	rest  []byte
	big   bool
	align int
}

func newFormat(t *lua.Thread) *format {
	f := &format{t: t, rest: t.CheckBytes(0), align: 1}
	if i := bytes.IndexByte(f.rest, 0); i >= 0 {
		f.rest = f.rest[:i]
	}
	return f
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// number reads the number that may stand behind an option.
func (f *format) number(def int) int {
	if len(f.rest) == 0 || !isDigit(f.rest[0]) {
		return def
	}
	n := 0
	for len(f.rest) > 0 && isDigit(f.rest[0]) {
		d := int(f.rest[0] - '0')
		if n > math.MaxInt32/10 || n*10 > math.MaxInt32-d {
			f.t.Errorf("integral size overflow")
		}
		n = n*10 + d
		f.rest = f.rest[1:]
	}
	return n
}

// next returns the next option and its size in bytes; ok is false at the end.
func (f *format) next() (opt byte, size int, ok bool) {
	if len(f.rest) == 0 {
		return 0, 0, false
	}
	opt = f.rest[0]
	f.rest = f.rest[1:]
	switch opt {
	case 'B', 'b', 'x':
		size = 1
	case 'H', 'h':
		size = 2
	case 'L', 'l', 'T', 'd':
		size = 8
	case 'f':
		size = 4
	case 'c':
		size = f.number(1)
	case 'i', 'I':
		size = f.number(intSize)
		if size > maxIntSize {
			f.t.Errorf("integral size %d is larger than limit of %d", size, maxIntSize)
		}
	}
	return opt, size, true
}

// padding returns how many bytes align an option of that size behind n bytes.
func (f *format) padding(n int, opt byte, size int) int {
	if size == 0 || opt == 'c' {
		return 0
	}
	size = min(size, f.align)
	if size == 0 {
		return 0
	}
	return (size - n&(size-1)) & (size - 1)
}

func (f *format) control(opt byte) {
	switch opt {
	case ' ':
	case '>':
		f.big = true
	case '<':
		f.big = false
	case '!':
		n := f.number(defaultAlign)
		if n <= 0 || n&(n-1) != 0 {
			f.t.Errorf("alignment %d is not a power of 2", n)
		}
		f.align = n
	default:
		f.t.ArgError(0, fmt.Sprintf("invalid format option '%s'", []byte{opt}))
	}
}

func isInteger(opt byte) bool { return bytes.IndexByte([]byte("bBhHlLTiI"), opt) >= 0 }

// appendInt appends the low size bytes of v; beyond eight they are 0.
func (f *format) appendInt(out []byte, v uint64, size int) []byte {
	at := len(out)
	out = append(out, make([]byte, size)...)
	b := out[at:]
	for i := range b {
		j := i
		if f.big {
			j = size - 1 - i
		}
		b[j] = byte(v)
		v >>= 8
	}
	return out
}

func (f *format) readInt(b []byte) uint64 {
	v := uint64(0)
	for i := range b {
		if f.big {
			v = v<<8 | uint64(b[i])
		} else {
			v = v<<8 | uint64(b[len(b)-1-i])
		}
	}
	return v
}

// toBits converts as C does: negative numbers through the signed type.
func toBits(f float64) uint64 {
	switch {
	case f >= 0x1p63 && f < 0x1p64:
		return uint64(f)
	case f > -0x1p63 && f < 0x1p63:
		return uint64(int64(f))
	case f >= 0x1p64:
		return 0
	}
	return 1 << 63
}

func pack(t *lua.Thread) int {
	f := newFormat(t)
	t.Push(lua.Nil) // as the reference marks the end of the arguments, which messages show
	var out []byte
	arg := 1
	for opt, size, ok := f.next(); ok; opt, size, ok = f.next() {
		t.State().Spend(size)
		out = append(out, make([]byte, f.padding(len(out), opt, size))...)
		switch {
		case isInteger(opt):
			out = f.appendInt(out, toBits(t.CheckNumber(arg)), size)
			arg++
		case opt == 'x':
			out = append(out, 0)
		case opt == 'f':
			out = f.appendInt(out, uint64(math.Float32bits(float32(t.CheckNumber(arg)))), 4)
			arg++
		case opt == 'd':
			out = f.appendInt(out, math.Float64bits(t.CheckNumber(arg)), 8)
			arg++
		case opt == 'c' || opt == 's':
			s := t.CheckBytes(arg)
			arg++
			if size == 0 {
				size = len(s)
			}
			if len(s) < size {
				t.ArgError(arg, "string too short")
			}
			t.State().Growing(len(out), size)
			out = append(out, s[:size]...)
			if opt == 's' {
				out = append(out, 0)
			}
		default:
			f.control(opt)
		}
	}
	t.PushString(out)
	return 1
}

func unpack(t *lua.Thread) int {
	f := newFormat(t)
	data := t.CheckBytes(1)
	pos := t.OptInteger(2, 1)
	if pos == 0 { // one below 0 is a large one in C, and beyond the data
		t.ArgError(2, "offset must be 1 or greater")
	}
	pos--
	n := 0
	for opt, size, ok := f.next(); ok; opt, size, ok = f.next() {
		t.State().Spend(size)
		pos += f.padding(pos, opt, size)
		need(t, data, pos, size)
		t.NeedRoom(2, "too many results")
		switch {
		case isInteger(opt):
			t.Push(integer(f.readInt(data[pos:pos+size]), size, opt >= 'a'))
			n++
		case opt == 'x':
		case opt == 'f':
			t.Push(lua.NumberOfBits(math.Float64bits(float64(math.Float32frombits(uint32(f.readInt(data[pos : pos+4])))))))
			n++
		case opt == 'd':
			t.Push(lua.NumberOfBits(f.readInt(data[pos : pos+8])))
			n++
		case opt == 'c':
			if size == 0 {
				size = previousSize(t, n)
				n--
				need(t, data, pos, size)
			}
			t.PushString(data[pos : pos+size])
			n++
		case opt == 's':
			end := bytes.IndexByte(data[pos:], 0)
			if end < 0 {
				t.Errorf("unfinished string in data")
			}
			t.PushString(data[pos : pos+end])
			size = end + 1
			n++
		default:
			f.control(opt)
		}
		pos += size
	}
	t.Push(lua.Int(pos + 1))
	return n + 1
}

func need(t *lua.Thread, data []byte, pos, size int) {
	if size < 0 || size > len(data) || pos < 0 || pos > len(data)-size {
		t.ArgError(1, "data string too short")
	}
}

// previousSize takes the last value off the results: c0 has it as its size.
func previousSize(t *lua.Thread, n int) int {
	v := t.Arg(t.NArgs() - 1)
	if n == 0 || !v.IsNumeric() {
		t.Errorf("format 'c0' needs a previous size")
	}
	t.SetTop(t.NArgs() - 1)
	return int(int64(toBits(v.ToNumber())))
}

func integer(v uint64, size int, signed bool) lua.Value {
	if !signed {
		return lua.Number(float64(v))
	}
	if mask := ^uint64(0) << ((uint(size)*8 - 1) & 63); v&mask != 0 {
		v |= mask
	}
	return lua.Number(float64(int64(v)))
}

func size(t *lua.Thread) int {
	f := newFormat(t)
	pos := 0
	for opt, size, ok := f.next(); ok; opt, size, ok = f.next() {
		pos += f.padding(pos, opt, size)
		switch {
		case opt == 's':
			t.ArgError(0, "option 's' has no fixed size")
		case opt == 'c' && size == 0:
			t.ArgError(0, "option 'c0' has no fixed size")
		}
		if opt|0x20 < 'a' || opt|0x20 > 'z' {
			if !isDigit(opt) {
				f.control(opt)
			}
		}
		pos += size
	}
	t.Push(lua.Int(pos))
	return 1
}
