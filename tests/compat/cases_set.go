package compat

import (
	"fmt"
	"strings"
)

var setCases = []Case{
	{"set: add, look, remove", `
		SADD s a
		SADD s a b c
		SADD s
		SCARD s
		SCARD nokey
		SISMEMBER s a
		SISMEMBER s x
		SISMEMBER nokey x
		SMISMEMBER s a x b
		SMISMEMBER nokey a b
		SMEMBERS s
		SMEMBERS nokey
		SREM s x
		SREM s a a
		SREM nokey a
		SREM s b c d
		EXISTS s
		TYPE s
		SADD s ""
		SISMEMBER s ""
		SREM s ""
		EXISTS s`},
	{"set: wrong types", `
		SET k v
		SADD k a
		SREM k a
		SISMEMBER k a
		SMISMEMBER k a
		SCARD k
		SMEMBERS k
		SPOP k
		SPOP k 1
		SPOP k 0
		SPOP k -1
		SRANDMEMBER k
		SRANDMEMBER k 1
		SMOVE k s a
		SMOVE nokey k a
		SADD s a
		SMOVE s k a
		SINTER k
		SINTER nokey k
		SINTER k nokey
		SINTER s k
		SINTERCARD 2 s k
		SINTERSTORE d s k
		SUNION s k
		SUNION nokey k
		SUNIONSTORE d nokey k
		SDIFF s k
		SDIFF nokey k
		SDIFFSTORE d k
		SSCAN k 0
		SSCAN k 0 COUNT 0
		SSCAN k x
		GET s
		INCR s
		APPEND s x
		SETRANGE s 0 x
		EXISTS d`},
	{"set: integers and what is none", `
		SADD s 1 2 3
		OBJECT ENCODING s
		SADD s 01
		SMEMBERS s
		SREM s 1
		SISMEMBER s 01
		SISMEMBER s 1
		DEL s
		SADD s 1 32767 -32768
		SADD s 32768
		SADD s -32769
		SADD s 2147483647 2147483648
		SADD s -2147483649
		SADD s 9223372036854775807 -9223372036854775808
		SMEMBERS s
		OBJECT ENCODING s
		SISMEMBER s 9223372036854775807
		SADD s 9223372036854775808
		SMEMBERS s
		SREM s 32768 -32769
		SCARD s
		SADD t " 1" "1 " +1 -0 1.0
		SMEMBERS t`},
	{"set: 512 integers and one more", `
		SADD s ` + setMembers("", 512) + `
		OBJECT ENCODING s
		SADD s 1000
		OBJECT ENCODING s
		SCARD s
		SREM s ` + setMembers("", 510) + `
		OBJECT ENCODING s
		SMEMBERS s`},
	{"set: 128 members, one more, and long ones", `
		SADD s ` + setMembers("m", 128) + `
		OBJECT ENCODING s
		SADD s m128
		OBJECT ENCODING s
		SADD t ` + setMembers("", 127) + `
		SADD t x
		OBJECT ENCODING t
		SADD t y
		OBJECT ENCODING t
		SADD u ` + strings.Repeat("x", 64) + `
		OBJECT ENCODING u
		SADD u ` + strings.Repeat("x", 65) + `
		OBJECT ENCODING u
		DEBUG OBJECT u
		MEMORY USAGE u`},
	{"set: large members and many", `
		SADD s ` + strings.Repeat("x", 600) + ` ` + strings.Repeat("y", 70000) + ` a
		SADD s ` + strings.Repeat("x", 600) + `
		SISMEMBER s ` + strings.Repeat("y", 70000) + `
		COPY s t
		SREM s ` + strings.Repeat("y", 70000) + `
		SMEMBERS s
		SMEMBERS t
		SINTER s t
		SDIFF t s
		UNLINK s
		RENAME t s
		MOVE s 1
		SELECT 1
		SMEMBERS s
		SADD big ` + setMembers("member:", 3000) + `
		SCARD big
		SREM big ` + setMembers("member:", 2900) + `
		SMEMBERS big`},
	{"set: smove", `
		SADD a 1 2 3
		SADD b x
		SMOVE a b 1
		SMOVE a b 1
		SMEMBERS b
		SMOVE a c 2
		SMOVE a c 3
		EXISTS a
		SMEMBERS c
		SMOVE c c 2
		SMOVE c c 9
		SMOVE nokey c 2
		SMOVE c nokey 9
		EXISTS nokey
		SADD b 2
		SMOVE c b 2
		SCARD b
		OBJECT ENCODING b`},
	{"set: spop", `
		SPOP nokey
		SPOP nokey 0
		SPOP nokey 5
		SADD s a
		SPOP s
		EXISTS s
		SADD s a
		SPOP s 1
		EXISTS s
		SADD s a b c
		SPOP s 0
		SPOP s 3
		EXISTS s
		SADD s a b c
		SPOP s 100
		SADD s a b c
		SPOP s 2
		SCARD s
		SPOP s -1
		SPOP s x
		SPOP s 9223372036854775808
		SPOP s 1 2
		SPOP s 1.0
		DEL s
		SADD s 1 2 3 4 5 6
		SPOP s 4
		SCARD s
		HELLO 3
		SPOP nokey
		SPOP nokey 5
		SPOP s 0
		SPOP s 1
		SPOP s 5`},
	{"set: srandmember", `
		SRANDMEMBER nokey
		SRANDMEMBER nokey 0
		SRANDMEMBER nokey 5
		SRANDMEMBER nokey -5
		SADD s a
		SRANDMEMBER s
		SRANDMEMBER s 1
		SRANDMEMBER s 2
		SRANDMEMBER s -3
		SRANDMEMBER s 0
		SRANDMEMBER s x
		SRANDMEMBER s 1 2
		SRANDMEMBER s -9223372036854775808
		SRANDMEMBER s -9223372036854775809
		SRANDMEMBER s 9223372036854775807
		HELLO 3
		SRANDMEMBER nokey
		SRANDMEMBER nokey 3
		SRANDMEMBER s
		SRANDMEMBER s 1
		SRANDMEMBER s -2
		SADD big ` + setMembers("m", 700) + `
		SRANDMEMBER big 3
		SRANDMEMBER big 690
		SRANDMEMBER big 700
		SRANDMEMBER big -1000`},
	{"set: operations", `
		SADD a 1 2 3 4
		SADD b 3 4 5 x
		SADD c 4 x y
		SINTER a b
		SINTER a b c
		SINTER a a
		SINTER a
		SINTER a nokey
		SINTER nokey
		SUNION a b c
		SUNION a nokey
		SUNION nokey nokey
		SUNION a a b b c c
		SUNION a b c nokey a b
		SDIFF a b
		SDIFF a b c
		SDIFF a
		SDIFF a a
		SDIFF a nokey a
		SDIFF nokey a
		SDIFF a nokey
		SINTER
		SUNION
		SDIFF
		HELLO 3
		SINTER a b
		SINTER a nokey
		SUNION a b
		SUNION nokey
		SDIFF a b
		SDIFF a a`},
	{"set: storing operations", `
		SADD a 1 2 3 4
		SADD b 3 4 5 x
		SINTERSTORE d a b
		SMEMBERS d
		OBJECT ENCODING d
		SUNIONSTORE d a b
		OBJECT ENCODING d
		SDIFFSTORE d a b
		OBJECT ENCODING d
		SET d v EX 1000
		SUNIONSTORE d a
		TTL d
		TYPE d
		SINTERSTORE d a nokey
		EXISTS d
		SET d v
		SDIFFSTORE d a a
		EXISTS d
		SUNIONSTORE d nokey
		SUNIONSTORE a a b
		SMEMBERS a
		SDIFFSTORE a a b
		SMEMBERS a
		SINTERSTORE b b b
		SMEMBERS b
		SINTERSTORE b a b
		EXISTS b
		SUNIONSTORE d
		SADD big ` + setMembers("m", 200) + `
		SADD ints ` + setMembers("", 512) + `
		SUNIONSTORE d big ints
		SINTERSTORE e d ints
		OBJECT ENCODING e
		SINTERSTORE e d big
		SCARD e
		SDIFFSTORE f d ints
		SCARD f
		SDIFFSTORE f ints big ints
		SDIFFSTORE f big a ints d
		EXISTS f`},
	{"set: sintercard", `
		SADD a 1 2 3 4
		SADD b 3 4 5 2
		SINTERCARD 2 a b
		SINTERCARD 2 a b LIMIT 2
		SINTERCARD 2 a b LIMIT 0
		SINTERCARD 2 a b LIMIT 100
		SINTERCARD 2 a b LIMIT -1
		SINTERCARD 2 a b LIMIT x
		SINTERCARD 2 a b LIMIT
		SINTERCARD 2 a b LIMIT 1 LIMIT 2
		SINTERCARD 2 a b bogus
		SINTERCARD 1 a b
		SINTERCARD 3 a b
		SINTERCARD 0 a b
		SINTERCARD -1 a
		SINTERCARD x a
		SINTERCARD 1
		SINTERCARD 1 nokey
		SINTERCARD 2 a nokey
		SINTERCARD 1 a limit 1
		COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1
		COMMAND GETKEYS SINTERSTORE d a b
		COMMAND GETKEYS SMOVE a b c`},
	{"set: sscan", `
		SSCAN nokey 0
		SSCAN nokey x
		SSCAN nokey 0 COUNT 0
		SADD s 1 2 3 a b
		SSCAN s 0
		SSCAN s 0 MATCH [0-9]
		SSCAN s 0 MATCH nosuch COUNT 1
		SSCAN s 0 COUNT 100 MATCH *
		SSCAN s 0 COUNT 0
		SSCAN s 0 COUNT x
		SSCAN s 0 COUNT
		SSCAN s 0 MATCH
		SSCAN s 0 TYPE set
		SSCAN s 18446744073709551616
		SSCAN s
		HELLO 3
		SSCAN s 0
		SSCAN nokey 0
		SADD big ` + setMembers("m", 1000) + `
		SSCAN big 0 COUNT 100000
		SCAN 0 TYPE set COUNT 100
		SCAN 0 TYPE string COUNT 100`},
	{"set: deadlines stay", `
		SADD s a b
		EXPIRE s 1000
		SADD s c
		SREM s a
		TTL s
		SADD s ` + setMembers("m", 200) + `
		TTL s
		SMOVE s t c
		TTL t
		TTL s
		PERSIST s
		SCARD s`},
}

// setMembers gives n members, prefix and number.
func setMembers(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s%d ", prefix, i)
	}
	return b.String()
}
