package compat

var serverCases = []Case{
	{"config get and set", `
		CONFIG GET maxmemory
		CONFIG GET MAXMEMORY
		CONFIG GET maxmemory timeout
		CONFIG GET nosuch
		CONFIG GET maxmemory maxmemory
		CONFIG GET maxmemory-s*
		CONFIG GET lfu*
		CONFIG GET
		CONFIG SET maxmemory 100mb
		CONFIG GET maxmemory
		CONFIG SET maxmemory 1gb
		CONFIG GET maxmemory
		CONFIG SET maxmemory 1g
		CONFIG GET maxmemory
		CONFIG SET maxmemory 12k
		CONFIG GET maxmemory
		CONFIG SET maxmemory 10x
		CONFIG SET maxmemory 0
		CONFIG SET maxmemory abc
		CONFIG SET maxmemory -1
		CONFIG SET maxmemory
		CONFIG SET
		CONFIG SET nosuch 1
		CONFIG SET timeout 100 tcp-keepalive 200
		CONFIG GET timeout tcp-keepalive
		CONFIG SET timeout 1 nosuch 2
		CONFIG GET timeout
		CONFIG SET timeout 1 timeout 2
		CONFIG SET timeout x
		CONFIG SET timeout -1
		CONFIG SET timeout 0 tcp-keepalive 300
		CONFIG SET maxmemory-policy allkeys-lru
		CONFIG GET maxmemory-policy
		CONFIG SET maxmemory-policy bogus
		CONFIG SET maxmemory-policy noeviction
		CONFIG SET appendonly maybe
		CONFIG SET databases 5
		CONFIG SET port abc
		CONFIG SET maxmemory-samples 0
		CONFIG SET hz x
		CONFIG SET lazyfree-lazy-expire yes
		CONFIG GET lazyfree-lazy-expire
		CONFIG SET lazyfree-lazy-expire no
		CONFIG SET hash-max-listpack-entries 77
		CONFIG GET hash-max-*-entries
		CONFIG SET hash-max-ziplist-entries 512
		CONFIG GET hash-max-listpack-entries
		CONFIG SET client-output-buffer-limit "normal 1mb 1mb 10"
		CONFIG GET client-output-buffer-limit
		CONFIG SET client-output-buffer-limit "normal 0 0 0"
		CONFIG SET client-output-buffer-limit "bogus 0 0 0"
		CONFIG SET client-output-buffer-limit "normal 0"
		CONFIG SET notify-keyspace-events KEA
		CONFIG GET notify-keyspace-events
		CONFIG SET notify-keyspace-events Q
		CONFIG SET notify-keyspace-events ""
		CONFIG SET slowlog-max-len 64
		CONFIG GET slowlog-max-len
		CONFIG SET slowlog-max-len 128
		CONFIG SET maxclients 0
		CONFIG SET proto-max-bulk-len 1mb
		CONFIG GET proto-max-bulk-len
		CONFIG SET proto-max-bulk-len 512mb
		CONFIG GET save
		CONFIG SET save "100 10"
		CONFIG GET save
		CONFIG SET save abc
		CONFIG SET save ""
		CONFIG SET loglevel bogus
		CONFIG GET loglevel
		CONFIG RESETSTAT
		CONFIG RESETSTAT x
		CONFIG REWRITE
		CONFIG REWRITE x
		CONFIG HELP`},
	{"config: proto-max-bulk-len is obeyed", `
		CONFIG SET proto-max-bulk-len 1mb
		SETRANGE k 1048576 x
		APPEND a {600000*x}
		APPEND a {600000*x}
		STRLEN a
		SETBIT k 8388608 1
		CONFIG SET proto-max-bulk-len 512mb`},
	{"command info of every covered command", `
		COMMAND INFO append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx
		COMMAND INFO psetex set setex setnx setrange strlen substr
		COMMAND INFO bitcount bitfield bitfield_ro bitop bitpos getbit setbit
		COMMAND INFO copy del exists expire expireat expiretime keys move persist pexpire pexpireat pexpiretime
		COMMAND INFO pttl randomkey rename renamenx scan touch ttl type unlink
		COMMAND INFO object|encoding object|freq object|idletime object|refcount
		COMMAND INFO auth echo hello ping quit reset select
		COMMAND INFO client|id client|info client|list client|kill client|getname client|setname client|reply client|no-evict
		COMMAND INFO command|count command|info command|docs command|list command|getkeys command|getkeysandflags
		COMMAND INFO config|get config|set config|rewrite config|resetstat
		COMMAND INFO dbsize flushall flushdb info swapdb time memory|usage shutdown debug
		COMMAND INFO client command config object memory
		COMMAND INFO nosuch
		COMMAND INFO GET nosuch Set
		COMMAND COUNT
		COMMAND COUNT x
		COMMAND
		COMMAND HELP`},
	{"command info in resp3", `
		HELLO 3
		COMMAND INFO get set mset object|encoding bitop
		COMMAND DOCS get set
		COMMAND LIST
		COMMAND GETKEYSANDFLAGS SET k v GET`},
	{"packed values that are saved under lower limits", `
		HSET h a 1 bcd efg
		HSET long a 1 b 2 c 3
		ZADD z 1 a 2 bcd
		ZADD longz 1 a 2 b 3 c
		SADD n 1 2 3
		CONFIG SET hash-max-listpack-value 1 zset-max-listpack-value 1 hash-max-listpack-entries 2 zset-max-listpack-entries 2 set-max-intset-entries 2
		DEBUG RELOAD
		OBJECT ENCODING h
		OBJECT ENCODING long
		OBJECT ENCODING z
		OBJECT ENCODING longz
		OBJECT ENCODING n
		COPY h h2
		OBJECT ENCODING h2
		HSET h x y
		OBJECT ENCODING h
		CONFIG SET hash-max-listpack-value 64 zset-max-listpack-value 64 hash-max-listpack-entries 512 zset-max-listpack-entries 128 set-max-intset-entries 512`},
	{"debug object, and what tests of Redis turn", `
		SET a bar
		SET b 12345
		SET c -1
		SET d 99999999999
		HSET h a 1 b xyz
		SADD s 1 2 3
		ZADD z 1 a 2.5 b
		DEBUG OBJECT a
		DEBUG OBJECT b
		DEBUG OBJECT c
		DEBUG OBJECT d
		DEBUG OBJECT h
		DEBUG OBJECT s
		DEBUG OBJECT z
		DEBUG OBJECT nokey
		DEBUG ERROR "MY error"
		DEBUG ERROR
		DEBUG LOG hello
		DEBUG CHANGE-REPL-ID
		DEBUG QUICKLIST-PACKED-THRESHOLD
		DEBUG QUICKLIST-PACKED-THRESHOLD 100b
		DEBUG QUICKLIST-PACKED-THRESHOLD 1gb
		DEBUG QUICKLIST-PACKED-THRESHOLD 4293918720
		DEBUG QUICKLIST-PACKED-THRESHOLD 4293918721
		DEBUG QUICKLIST-PACKED-THRESHOLD 5gb
		DEBUG QUICKLIST-PACKED-THRESHOLD x
		DEBUG QUICKLIST-PACKED-THRESHOLD -1
		DEBUG QUICKLIST-PACKED-THRESHOLD 1z
		DEBUG QUICKLIST-PACKED-THRESHOLD kb
		DEBUG QUICKLIST-PACKED-THRESHOLD 007
		DEBUG QUICKLIST-PACKED-THRESHOLD ""
		DEBUG QUICKLIST-PACKED-THRESHOLD 0
		DEBUG REPLYBUFFER
		DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER
		DEBUG REPLYBUFFER PEAK-RESET-TIME 100
		DEBUG REPLYBUFFER PEAK-RESET-TIME x
		DEBUG REPLYBUFFER PEAK-RESET-TIME RESET
		DEBUG REPLYBUFFER RESIZING 0
		DEBUG REPLYBUFFER RESIZING 1
		DEBUG PAUSE-CRON 1
		DEBUG PAUSE-CRON 0`},
	{"debug protocol and populate", `
		DEBUG PROTOCOL string
		DEBUG PROTOCOL Integer
		DEBUG PROTOCOL double
		DEBUG PROTOCOL bignum
		DEBUG PROTOCOL null
		DEBUG PROTOCOL array
		DEBUG PROTOCOL set
		DEBUG PROTOCOL map
		DEBUG PROTOCOL attrib
		DEBUG PROTOCOL verbatim
		DEBUG PROTOCOL true
		DEBUG PROTOCOL false
		DEBUG PROTOCOL bogus
		DEBUG POPULATE x
		DEBUG POPULATE -1
		DEBUG POPULATE 0
		DEBUG POPULATE 3
		SET pre:1 there
		DEBUG POPULATE 12 pre 10
		DEBUG POPULATE 2 cut 3
		DEBUG POPULATE 2 cut x
		MGET key:0 key:2 pre:1 pre:11 cut:1
		DBSIZE
		DEBUG DIGEST-VALUE nokey nokey2
		FLUSHALL
		DEBUG DIGEST`},
	{"command getkeys", `
		COMMAND GETKEYS GET k
		COMMAND GETKEYS ZUNIONSTORE d 0 a
		COMMAND GETKEYS ZUNIONSTORE d 1 a
		COMMAND GETKEYS ZUNION 0 a
		COMMAND GETKEYS SINTERCARD 0 a
		COMMAND GETKEYS LMPOP 0 a LEFT
		COMMAND GETKEYSANDFLAGS ZINTERSTORE d 0 a
		COMMAND GETKEYS EVAL x 1
		COMMAND GETKEYS EVAL x -1 k
		COMMAND GETKEYS EVAL x y k
		COMMAND GETKEYS EVAL x 0 k
		COMMAND GETKEYS FCALL f 2 a
		COMMAND GETKEYSANDFLAGS EVAL x 1
		COMMAND GETKEYS XREAD COUNT 1 a b
		COMMAND GETKEYSANDFLAGS XREAD COUNT 1 a b
		COMMAND INFO blpop brpop blmove brpoplpush blmpop bzpopmin bzpopmax bzmpop xread xreadgroup zrank
		COMMAND GETKEYS SET k v EX 10
		COMMAND GETKEYS MSET a 1 b 2 c 3
		COMMAND GETKEYS MGET a b c
		COMMAND GETKEYS BITOP AND d a b c
		COMMAND GETKEYS COPY a b DB 1
		COMMAND GETKEYS LCS a b IDX
		COMMAND GETKEYS OBJECT ENCODING k
		COMMAND GETKEYS MEMORY USAGE k
		COMMAND GETKEYS PING
		COMMAND GETKEYS SELECT 1
		COMMAND GETKEYS NOSUCH a
		COMMAND GETKEYS GET
		COMMAND GETKEYS GET a b
		COMMAND GETKEYS MSET a 1 b
		COMMAND GETKEYS CONFIG GET a
		COMMAND GETKEYS OBJECT NOSUCH k
		COMMAND GETKEYS
		COMMAND GETKEYSANDFLAGS GET k
		COMMAND GETKEYSANDFLAGS SET k v
		COMMAND GETKEYSANDFLAGS SET k v GET
		COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0
		COMMAND GETKEYSANDFLAGS BITFIELD k SET u8 0 1
		COMMAND GETKEYSANDFLAGS BITFIELD k INCRBY u8 0 1 GET u8 0
		COMMAND GETKEYSANDFLAGS COPY a b
		COMMAND GETKEYSANDFLAGS RENAME a b
		COMMAND GETKEYSANDFLAGS MSET a 1 b 2
		COMMAND GETKEYSANDFLAGS DEL a b
		COMMAND GETKEYSANDFLAGS BITOP OR d a b
		COMMAND GETKEYSANDFLAGS GETEX k
		COMMAND GETKEYSANDFLAGS GETDEL k
		COMMAND GETKEYSANDFLAGS EXISTS a b
		COMMAND GETKEYSANDFLAGS APPEND k v
		COMMAND GETKEYSANDFLAGS INCR k
		COMMAND GETKEYSANDFLAGS EXPIRE k 10
		COMMAND GETKEYSANDFLAGS MOVE k 1
		COMMAND GETKEYSANDFLAGS PING
		COMMAND GETKEYSANDFLAGS NOSUCH`},
	{"command docs and list", `
		COMMAND DOCS get
		COMMAND DOCS set bitfield copy expire
		COMMAND DOCS nosuch
		COMMAND DOCS client config object
		COMMAND LIST
		COMMAND LIST FILTERBY PATTERN get*
		COMMAND LIST FILTERBY PATTERN nosuch*
		COMMAND LIST FILTERBY ACLCAT bitmap
		COMMAND LIST FILTERBY ACLCAT nosuch
		COMMAND LIST FILTERBY MODULE nosuch
		COMMAND LIST FILTERBY BOGUS x
		COMMAND LIST FILTERBY PATTERN
		COMMAND LIST bogus
		COMMAND NOSUCH`},
	{"info", `
		SET a 1
		SET b 2 EX 1000
		SELECT 3
		SET c 3
		INFO
		INFO default
		INFO keyspace
		INFO server
		INFO clients
		INFO memory
		INFO persistence
		INFO stats
		INFO replication
		INFO cpu
		INFO cluster
		INFO nosuch
		INFO server clients
		INFO KEYSPACE keyspace
		HELLO 3
		INFO keyspace
		TIME
		TIME x
		DBSIZE`},
	{"debug", `
		DEBUG SLEEP 0
		DEBUG OBJECT nokey
		SET k v
		DEBUG OBJECT k
		SET k 12
		DEBUG OBJECT k
		DEBUG SET-ACTIVE-EXPIRE 0
		DEBUG SET-ACTIVE-EXPIRE 1
		DEBUG NOSUCH
		DEBUG`},
	{"shutdown refused", `
		SHUTDOWN bogus
		SHUTDOWN SAVE NOSAVE
		SHUTDOWN NOW FORCE bogus
		SHUTDOWN ABORT
		SHUTDOWN ABORT NOW
		PING`},
	{"save, bgsave, lastsave", `
		SAVE x
		SAVE
		BGSAVE x
		BGSAVE SCHEDULE x
		LASTSAVE x
		LASTSAVE
		MULTI
		SAVE
		LASTSAVE
		EXEC
		COMMAND INFO save bgsave lastsave migrate dump restore restore-asking`},
	{"debug reload", `
		SET k v PX 100000
		RPUSH l a b c
		DEBUG RELOAD
		GET k
		LRANGE l 0 -1
		DEBUG RELOAD NOSAVE MERGE NOFLUSH
		DEBUG RELOAD bogus
		KEYS *`},
	{"migrate", `
		MIGRATE h 1 nokey 0 10
		MIGRATE h 1 nokey x 10
		MIGRATE h 1 nokey 0 x
		MIGRATE h 1 nokey 0 10 bogus
		MIGRATE h 1 nokey 0 10 KEYS a
		MIGRATE h 1 "" 0 10 KEYS a b
		MIGRATE h 1 nokey 0`},
	{"bgrewriteaof", `
		BGREWRITEAOF now
		MULTI
		BGREWRITEAOF x
		DISCARD`},
}
