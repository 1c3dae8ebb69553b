package compat

var genericCases = []Case{
	{"scan cursors", `
		SET k v
		SADD s a
		SCAN 0
		SCAN -1
		SCAN ""
		SCAN " 0"
		SCAN +0
		SCAN 00
		SCAN -
		SCAN x
		SCAN 0x
		SCAN 18446744073709551615
		SCAN 18446744073709551616
		SSCAN s -1
		SSCAN s ""
		SSCAN s 0
		HSCAN nokey -1
		HSCAN nokey 0
		ZSCAN nokey ""`},
	{"del, unlink, exists, touch, type", `
		MSET a 1 b 2 c 3
		DEL a a nokey
		EXISTS b b b nokey
		TOUCH b c nokey b
		TYPE b
		TYPE nokey
		UNLINK b b
		UNLINK nokey
		DEL
		EXISTS
		TOUCH
		TYPE
		TYPE a b
		SET "" empty
		EXISTS ""
		DEL ""`},
	{"expire: options", `
		EXPIRE nokey 100
		SET k v
		EXPIRE k 10000 XX
		EXPIRE k 10000 GT
		EXPIRE k 10000 LT
		EXPIRE k 20000 NX
		EXPIRE k 20000 GT
		EXPIRE k 30000 GT
		EXPIRE k 40000 LT
		EXPIRE k 30000 LT
		EXPIRE k 50000 XX GT
		EXPIRE k 5000 XX LT
		EXPIRE k 100 NX XX
		EXPIRE k 100 NX GT
		EXPIRE k 100 GT LT
		EXPIRE k 100 NX NX
		EXPIRE k 100 bogus
		EXPIRE k 100 GT bogus
		EXPIRE k abc
		EXPIRE k abc bogus
		EXPIRE k 1.5
		EXPIRE k ""
		EXPIRE k 9223372036854775807
		EXPIRE k -9223372036854775808
		EXPIRE k 9223372036854775
		EXPIRE nokey 9223372036854775807
		PEXPIRE k 9223372036854775807
		PEXPIRE k 20000000 nx
		PEXPIRE k 20000000 gt
		EXPIRE k
		TTL k
		EXPIRE k 0 GT
		EXISTS k
		EXPIRE k 0 XX
		EXISTS k
		SET k v
		EXPIRE k -1
		EXISTS k
		SET k v
		EXPIREAT k 1
		EXISTS k
		SET k v
		PEXPIREAT k 0
		EXISTS k
		SET k v
		EXPIRE k 0 GT
		EXISTS k`},
	{"ttl, pttl, expiretime, persist", `
		TTL nokey
		PTTL nokey
		EXPIRETIME nokey
		PEXPIRETIME nokey
		SET k v
		TTL k
		PTTL k
		EXPIRETIME k
		PEXPIRETIME k
		PERSIST k
		PERSIST nokey
		EXPIREAT k 9999999999
		EXPIRETIME k
		PEXPIRETIME k
		PEXPIREAT k 9999999999999
		EXPIRETIME k
		PEXPIRETIME k
		PEXPIREAT k 9999999999499
		EXPIRETIME k
		PEXPIREAT k 9999999999500
		EXPIRETIME k
		PERSIST k
		TTL k
		EXPIREAT k 9223372036854775807
		PEXPIREAT k 9223372036854775807
		PEXPIRETIME k
		PEXPIREAT k 9223372036854775806 GT
		TTL
		PERSIST`},
	{"rename and renamenx", `
		RENAME nokey x
		RENAMENX nokey x
		RENAME nokey nokey
		SET a 1 EX 1000
		RENAME a b
		TTL b
		EXISTS a
		SET c 3
		RENAMENX b c
		RENAMENX b d
		TTL d
		RENAME c d
		TTL d
		GET d
		RENAME d d
		RENAMENX d d
		RENAME d
		RENAME d e f
		SET x {70000*a}
		RENAME x y
		STRLEN y`},
	{"copy", `
		COPY nokey x
		SET a 1 EX 1000
		COPY a b
		TTL b
		COPY a b
		SET a 2
		COPY a b REPLACE
		GET b
		TTL b
		COPY a a
		COPY a a REPLACE
		COPY a a DB 0
		COPY a a DB 1
		COPY a a DB 1
		COPY a a DB 1 REPLACE
		COPY a z DB 16
		COPY a z DB -1
		COPY a z DB abc
		COPY a z DB
		COPY a z bogus
		COPY a z REPLACE REPLACE
		COPY a z DB 1 DB 2
		COPY nokey a REPLACE
		COPY a
		SELECT 2
		GET z
		OBJECT REFCOUNT z`},
	{"move, swapdb, select", `
		SET a 1 EX 1000
		MOVE a 1
		EXISTS a
		MOVE a 1
		SELECT 1
		TTL a
		SET b 2
		SELECT 0
		SET b 3
		SELECT 1
		MOVE b 0
		MOVE b 1
		MOVE b 16
		MOVE b -1
		MOVE b abc
		MOVE b
		SELECT 16
		SELECT -1
		SELECT abc
		SELECT " 1"
		SELECT 1.0
		SELECT
		SELECT 99999999999999999999
		SWAPDB 0 1
		GET b
		DBSIZE
		SWAPDB 0 0
		SWAPDB 0 16
		SWAPDB 16 0
		SWAPDB a 0
		SWAPDB 0 b
		SWAPDB -1 0
		SWAPDB 0
		@1 SELECT 1
		@1 GET b
		@1 DBSIZE`},
	{"flushdb and flushall", `
		SET a 1
		SELECT 1
		SET b 1
		FLUSHDB
		DBSIZE
		SELECT 0
		DBSIZE
		FLUSHDB ASYNC
		DBSIZE
		SET a 1
		FLUSHALL SYNC
		DBSIZE
		FLUSHALL bogus
		FLUSHDB sync
		FLUSHDB ASYNC SYNC
		FLUSHALL ASYNC x
		DBSIZE x`},
	{"keys and randomkey", `
		RANDOMKEY
		KEYS *
		MSET abc 1 abd 1 a*c 1 "a\\c" 1 "" 1 "x\x00y" 1
		KEYS *
		KEYS a*
		KEYS a?c
		KEYS a[bc]*
		KEYS a[^b]*
		KEYS a\\*c
		KEYS "a\\\\*c"
		KEYS ab[c-d]
		KEYS ab[d-c]
		KEYS ab[c
		KEYS ""
		KEYS x*
		KEYS "x\x00*"
		KEYS [
		KEYS
		KEYS a b
		DEL abc abd a*c "a\\c" "" 
		RANDOMKEY
		SET k v PX 1
		!pass 4
		KEYS *
		RANDOMKEY x
		KEYS ab\\c
		KEYS a**c
		KEYS *b*c*`},
	{"scan", `
		SCAN 0
		!scan
		MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9 j 10 k 11 l 12 m 13
		!scan
		!scan COUNT 1
		!scan COUNT 1000
		!scan MATCH [a-c]
		!scan MATCH nosuch COUNT 100
		!scan TYPE string
		!scan TYPE STRING
		!scan TYPE hash
		!scan TYPE nosuch
		!scan TYPE string MATCH *
		!scan MATCH a MATCH b
		SCAN
		SCAN x
		SCAN -1
		SCAN 18446744073709551616
		SCAN " 0"
		SCAN 0 COUNT 0
		SCAN 0 COUNT -1
		SCAN 0 COUNT x
		SCAN 0 COUNT
		SCAN 0 MATCH
		SCAN 0 TYPE
		SCAN 0 bogus
		SCAN 0 bogus x
		SCAN 9223372036854775808
		SCAN 18446744073709551615
		SCAN 0 COUNT 9223372036854775808
		SCAN 0 match a* count 5 type string
		SET gone v PX 1
		!pass 4
		!scan`},
	{"object", `
		OBJECT
		OBJECT ENCODING
		OBJECT ENCODING nokey
		OBJECT REFCOUNT nokey
		OBJECT IDLETIME nokey
		OBJECT FREQ nokey
		SET k v
		OBJECT ENCODING k
		object encoding k
		OBJECT REFCOUNT k
		OBJECT IDLETIME k
		OBJECT FREQ k
		OBJECT NOSUCH k
		OBJECT ENCODING a b
		OBJECT HELP
		OBJECT HELP x
		SET n 100
		OBJECT REFCOUNT n
		SET n 10000
		OBJECT REFCOUNT n
		SET n -1
		OBJECT REFCOUNT n
		CONFIG SET maxmemory-policy allkeys-lfu
		SET f v
		OBJECT FREQ f
		OBJECT IDLETIME f
		CONFIG SET maxmemory-policy noeviction
		OBJECT FREQ f
		HELLO 3
		OBJECT ENCODING nokey`},
	{"an expired key meets generic commands", `
		SET k v PX 1
		!pass 4
		EXISTS k
		SET k v PX 1
		!pass 4
		DEL k
		SET k v PX 1
		!pass 4
		RENAME k x
		SET k v PX 1
		SET o 1
		!pass 4
		RENAMENX o k
		SET k v PX 1
		!pass 4
		COPY k x
		SET k v PX 1
		SET o 1
		!pass 4
		COPY o k
		SET k v PX 1
		!pass 4
		MOVE k 1
		SET k v PX 1
		!pass 4
		EXPIRE k 1000
		SET k v PX 1
		!pass 4
		PERSIST k
		SET k v PX 1
		!pass 4
		TTL k
		SET k v PX 1
		!pass 4
		TYPE k
		SET k v PX 1
		!pass 4
		OBJECT ENCODING k
		SET k v PX 1
		!pass 4
		TOUCH k
		SET k v PX 1
		!pass 4
		UNLINK k
		SET k v PX 1
		!pass 4
		PEXPIRETIME k`},
	{"memory", `
		SET k v
		MEMORY USAGE k
		MEMORY USAGE nokey
		MEMORY USAGE k SAMPLES 0
		MEMORY USAGE k SAMPLES -1
		MEMORY USAGE k SAMPLES x
		MEMORY USAGE k SAMPLES
		MEMORY USAGE k bogus 1
		MEMORY USAGE
		MEMORY NOSUCH
		MEMORY
		MEMORY HELP`},
}
