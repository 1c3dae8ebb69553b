package compat

import (
	"strconv"
	"strings"
)

var hashCases = []Case{
	{"hset and its kin", `
		HSET h a 1
		HSET h a 2 b 3
		HSET h a 1 a 2 c 3 a 4
		HSET h a
		HSET h a 1 b
		HMSET h a 1 b
		HMSET h a 9 d 8
		HGETALL h
		HSET new x 1 y 2 x 3
		HGETALL new
		HLEN new
		OBJECT ENCODING new
		HSETNX h a 5
		HSETNX h e 5
		HSETNX nokey e 5
		HGET h e
		HGET h nosuch
		HGET nokey f
		HMGET h a nosuch e a
		HMGET nokey a b
		HLEN h
		HLEN nokey
		HSTRLEN h a
		HSTRLEN h nosuch
		HSTRLEN nokey a
		HEXISTS h a
		HEXISTS h nosuch
		HEXISTS nokey a
		HSET h "" ""
		HGET h ""
		HSTRLEN h ""
		HSET t f v
		EXPIRE t 1000
		HSET t g w
		TTL t
		HKEYS h
		HVALS h
		HKEYS nokey
		HVALS nokey
		HGETALL nokey`},
	{"hgetall in RESP3", `
		HELLO 3
		HSET h a 1 b 2
		HGETALL h
		HGETALL nokey
		HKEYS h
		HRANDFIELD h 5
		HRANDFIELD h 5 WITHVALUES
		HRANDFIELD h -5 WITHVALUES
		HRANDFIELD h 1 WITHVALUES
		HRANDFIELD h
		HRANDFIELD nokey
		HRANDFIELD nokey 2
		HRANDFIELD nokey 2 WITHVALUES
		HINCRBYFLOAT h b 1.5
		HSCAN h 0`},
	{"hdel", `
		HSET h a 1 b 2 c 3
		HDEL h x
		HDEL h a a b
		HDEL h b c d
		EXISTS h
		HDEL h a
		HDEL nokey a
		HSET h a 1
		OBJECT ENCODING h
		TYPE h`},
	{"wrong types", `
		SET s v
		HSET s a 1
		HMSET s a 1
		HSETNX s a 1
		HGET s a
		HMGET s a
		HDEL s a
		HLEN s
		HSTRLEN s a
		HEXISTS s a
		HGETALL s
		HKEYS s
		HVALS s
		HINCRBY s a 1
		HINCRBY s a x
		HINCRBYFLOAT s a 1
		HINCRBYFLOAT s a x
		HINCRBYFLOAT s a inf
		HRANDFIELD s
		HRANDFIELD s 1
		HRANDFIELD s x
		HRANDFIELD s 1 x
		HSCAN s 0
		HSCAN s x
		HSCAN s 0 x
		HSET s a
		HSET h a 1
		GET h
		INCR h
		APPEND h x
		SET h v
		GET h`},
	{"hincrby", `
		HINCRBY h n 5
		HINCRBY h n -7
		HINCRBY h n 9223372036854775807
		HINCRBY h n 2
		HINCRBY h n -9223372036854775808
		HINCRBY h n -9223372036854775808
		HINCRBY h n 1.5
		HINCRBY h n abc
		HINCRBY h n ""
		HINCRBY h n 9223372036854775808
		HSET h s abc f 1.5 e "" sp " 1" z 007
		HINCRBY h s 1
		HINCRBY h f 1
		HINCRBY h e 1
		HINCRBY h sp 1
		HINCRBY h z 1
		HINCRBY h n 0
		HGETALL h
		HINCRBY fresh n x
		EXISTS fresh`},
	{"hincrbyfloat", `
		HINCRBYFLOAT h f 1.5
		HINCRBYFLOAT h f 0.1
		HINCRBYFLOAT h f -1.6
		HINCRBYFLOAT h f 3.0e3
		HINCRBYFLOAT h f 1e-10
		HINCRBYFLOAT h f inf
		HINCRBYFLOAT h f -inf
		HINCRBYFLOAT h f nan
		HINCRBYFLOAT h f abc
		HINCRBYFLOAT h f ""
		HINCRBYFLOAT h f " 1"
		HINCRBYFLOAT h f 0x10
		HINCRBYFLOAT h f 1e4000
		HSET h s abc i 5 e "" sp " 1" inf inf
		HINCRBYFLOAT h s 1
		HINCRBYFLOAT h i 1
		HINCRBYFLOAT h e 1
		HINCRBYFLOAT h sp 1
		HINCRBYFLOAT h inf 1
		HINCRBYFLOAT h big 1e4932
		HINCRBYFLOAT h big 1e4931
		HINCRBYFLOAT h d 0.1
		HINCRBYFLOAT h d 0.2
		HGET h d
		OBJECT ENCODING h
		HINCRBYFLOAT long f 1e70
		OBJECT ENCODING long
		HINCRBYFLOAT long f 1
		HGETALL long`},
	{"encodings", `
		HSET v f ` + strings.Repeat("v", 64) + `
		OBJECT ENCODING v
		HSET v f ` + strings.Repeat("v", 65) + `
		OBJECT ENCODING v
		HSET v f short
		OBJECT ENCODING v
		HSET n ` + strings.Repeat("n", 65) + ` v
		OBJECT ENCODING n
		HSETNX x f ` + strings.Repeat("v", 65) + `
		OBJECT ENCODING x
		HSET c ` + pairWords(0, 512) + `
		OBJECT ENCODING c
		HSET c f0 again
		OBJECT ENCODING c
		HSET c more 1
		OBJECT ENCODING c
		HLEN c
		HGETALL c
		HGET c f77
		HINCRBY c f5 100
		HDEL c f1 f2 nosuch
		HLEN c
		HKEYS c
		HSCAN c 0 COUNT 100000
		HSCAN c 0 COUNT 100000 MATCH f*7
		HRANDFIELD c 600
		HRANDFIELD c 7
		HRANDFIELD c 400 WITHVALUES
		HRANDFIELD c -700
		COPY c d
		HGETALL d
		RENAME d e
		HGETALL e
		HDEL c ` + strings.Join(fieldNames(0, 512), " ") + `
		HGETALL c
		HDEL c more
		EXISTS c
		CONFIG SET hash-max-listpack-entries 2 hash-max-listpack-value 5
		HSET e2 a 1 b 2
		OBJECT ENCODING e2
		HSET e2 c 3
		OBJECT ENCODING e2
		HSET e3 abcde 12345
		OBJECT ENCODING e3
		HINCRBY e3 n 123456
		OBJECT ENCODING e3
		CONFIG SET hash-max-listpack-entries 512 hash-max-listpack-value 64`},
	{"a lower threshold concerns fields that are there, too", `
		HSET h a 1 b 2 c 3
		HSET i a 1 b 2 c 3
		HSET j a 1 b 2 c 3
		HSET k a 1 b 2 c 3
		CONFIG SET hash-max-listpack-entries 2
		OBJECT ENCODING h
		HSET h b 5
		OBJECT ENCODING h
		HINCRBY i c 1
		OBJECT ENCODING i
		HSETNX j c 1
		HDEL j c
		HSET j b 1
		OBJECT ENCODING j
		HSET k c 33 d 4
		OBJECT ENCODING k
		CONFIG SET hash-max-listpack-entries 512`},
	{"hrandfield", `
		HSET h a 1 b 2 c 3
		HRANDFIELD h
		HRANDFIELD h 0
		HRANDFIELD h 3
		HRANDFIELD h 10
		HRANDFIELD h 2
		HRANDFIELD h -10
		HRANDFIELD h 2 WITHVALUES
		HRANDFIELD h -2 withvalues
		HRANDFIELD h 2 VALUES
		HRANDFIELD h 2 WITHVALUES x
		HRANDFIELD h x
		HRANDFIELD h -9223372036854775808
		HRANDFIELD h 9223372036854775807 WITHVALUES
		HRANDFIELD h -9223372036854775807 WITHVALUES
		HRANDFIELD h 9223372036854775807
		HRANDFIELD nokey
		HRANDFIELD nokey 1
		HRANDFIELD nokey 1 WITHVALUES
		HRANDFIELD nokey -9223372036854775807
		HRANDFIELD nokey 1 x`},
	{"hscan", `
		HSET h a 1 b 2 ab 3
		HSCAN h 0
		HSCAN h 0 MATCH a*
		HSCAN h 0 COUNT 1
		HSCAN h 0 MATCH * COUNT 1
		HSCAN h 0 COUNT 0
		HSCAN h 0 COUNT x
		HSCAN h 0 COUNT
		HSCAN h 0 MATCH
		HSCAN h 0 TYPE hash
		HSCAN h x
		HSCAN h ""
		HSCAN h -1
		HSCAN h 5
		HSCAN h 18446744073709551615
		HSCAN h 18446744073709551616
		HSCAN nokey 0
		HSCAN nokey 0 bogus
		HSCAN nokey 17
		HSCAN nokey x`},
}

func fieldNames(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, "f"+strconv.Itoa(i))
	}
	return out
}

func pairWords(from, to int) string {
	return strings.Join(fieldNames(from, to), " v ") + " v"
}
