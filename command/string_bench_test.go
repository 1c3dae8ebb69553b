package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kringdb/kring/resp"
)

// The hot commands allocate nothing, from the arguments to the reply.
func TestHotCommandsDoNotAllocate(t *testing.T) {
	r := newRig(t)
	value := strings.Repeat("v", 64)
	mset, mget := []string{"mset"}, []string{"mget"}
	for i := range 10 {
		k := fmt.Sprintf("key:%d", i)
		mset = append(mset, k, value)
		mget = append(mget, k)
	}
	r.run("set", "int", "1234567890")
	r.run("set", "ttl", value, "ex", "1000")
	for _, args := range [][]string{
		{"set", "key:1", value},
		{"set", "new", "12"},
		{"set", "key:1", value, "ex", "100"},
		{"set", "key:1", value, "nx", "get"},
		{"get", "key:1"},
		{"get", "int"},
		{"get", "ttl"},
		{"get", "none"},
		{"incr", "n"},
		{"decrby", "n", "12"},
		{"strlen", "key:1"},
		{"getrange", "key:1", "1", "5"},
		{"append", "key:2", ""},
		{"setrange", "key:2", "1", "xyz"},
		{"getbit", "key:1", "100"},
		{"setbit", "bits", "1000", "1"},
		{"bitcount", "key:1"},
		{"bitfield", "bits", "incrby", "u8", "#1", "1", "get", "u8", "100"},
		{"getex", "key:1", "ex", "100"},
		mset,
		mget,
	} {
		if n := r.allocs(args...); n != 0 {
			t.Errorf("%s: %v allocations", args[0], n)
		}
	}
}

func benchCommand(b *testing.B, r *rig, calls []resp.Args) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.out.Reset()
		r.exec(calls[i&(len(calls)-1)])
		r.w.Flush()
	}
}

// benchKeys is how many keys a benchmark goes through, a power of two.
const benchKeys = 1 << 12

func benchCalls(call func(key string) resp.Args) []resp.Args {
	calls := make([]resp.Args, benchKeys)
	for i := range calls {
		calls[i] = call(fmt.Sprintf("key:%012d", i*2654435761%benchKeys))
	}
	return calls
}

func BenchmarkSet(b *testing.B) {
	v := strings.Repeat("v", 64)
	benchCommand(b, newRig(b), benchCalls(func(k string) resp.Args { return argsOf("set", k, v) }))
}

func BenchmarkGet(b *testing.B) {
	r := newRig(b)
	v := strings.Repeat("v", 64)
	for _, c := range benchCalls(func(k string) resp.Args { return argsOf("set", k, v) }) {
		r.exec(c)
	}
	benchCommand(b, r, benchCalls(func(k string) resp.Args { return argsOf("get", k) }))
}

func BenchmarkIncr(b *testing.B) {
	benchCommand(b, newRig(b), benchCalls(func(k string) resp.Args { return argsOf("incr", k) }))
}

func BenchmarkMSet10(b *testing.B) {
	v := strings.Repeat("v", 64)
	benchCommand(b, newRig(b), benchCalls(func(k string) resp.Args {
		a := argsOf("mset")
		for i := range 10 {
			a = append(a, []byte(fmt.Sprint(k, i)), []byte(v))
		}
		return a
	}))
}

func BenchmarkMGet10(b *testing.B) {
	r := newRig(b)
	v := strings.Repeat("v", 64)
	calls := benchCalls(func(k string) resp.Args {
		a := argsOf("mget")
		for i := range 10 {
			a = append(a, []byte(fmt.Sprint(k, i)))
		}
		return a
	})
	for _, c := range calls {
		for _, k := range c[1:] {
			r.exec(argsOf("set", string(k), v))
		}
	}
	benchCommand(b, r, calls)
}
