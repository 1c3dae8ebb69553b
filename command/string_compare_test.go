package command

import (
	"strings"
	"testing"
)

func TestSetOnCondition(t *testing.T) {
	r := newRig(t)
	r.want("SET k v IFEQ x", "nil")
	r.want("EXISTS k", "0")
	r.want("SET k v IFNE x", "OK")
	r.want("SET k w IFEQ x", "nil")
	r.want("SET k w IFEQ v", "OK")
	r.want("SET k x IFNE w", "nil")
	r.want("SET k x IFNE v GET", `"w"`)
	r.want("GET k", `"x"`)
	r.want("SET k 12 IFEQ x EX 100", "OK")
	r.want("SET k 13 IFEQ 12 KEEPTTL", "OK")
	r.want("TTL k", "100")
	r.want("SET k 14 IFEQ 013", "nil")
	r.want("SET k v IFEQ", "-ERR syntax error")
	r.want("SET k v IFEQ a NX", "-ERR syntax error")
	r.want("SET k v XX IFEQ a", "-ERR syntax error")
	r.want("SET k v IFEQ a IFNE b", "-ERR syntax error")
	long := strings.Repeat("long", 40000)
	r.wantArgs("OK", "SET", "l", long)
	r.wantArgs("nil", "SET", "l", "x", "IFEQ", long[1:]+"x")
	r.wantArgs("OK", "SET", "l", "x", "IFEQ", long)
}

func TestDeleteOnCondition(t *testing.T) {
	r := newRig(t)
	r.want("DELIFEQ k v", "0")
	r.want("SET k v", "OK")
	r.want("DELIFEQ k w", "0")
	r.wantEvents("DELIFEQ k v", 1, "del k")
	r.want("EXISTS k", "0")
	r.want("SET k v", "OK")
	r.want("DELEX k IFNE v", "0")
	r.want("DELEX k IFEQ w", "0")
	r.want("DELEX k IFNE w", "1")
	r.want("DELEX k IFNE w", "0")
	r.want("SET k v", "OK")
	r.want("DELEX k", "1")
	r.want("DELEX k IFXX v", "-ERR syntax error")
	r.want("HSET l a b", "1")
	r.want("DELIFEQ l a", "-"+ErrWrongType)
	r.want("SET l a IFEQ a", "-"+ErrWrongType)
	r.want("DELEX l", "1")
}

func TestDelPattern(t *testing.T) {
	r := newRig(t)
	for i := range 3000 {
		r.run("SET", "a:"+string(rune('0'+i%10))+strings.Repeat("x", i/10), "v")
	}
	r.want("SET b v", "OK")
	r.want("DELPATTERN a:0*", "300")
	r.want("DELPATTERN a:0*", "0")
	r.want("DELPATTERN a:[1-4]", "4")
	r.want("DBSIZE", "2697")
	r.want("DELPATTERN *", "2697")
}
