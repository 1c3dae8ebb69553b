package compat

var transactionCases = []Case{
	{"outside and inside", `
		EXEC
		DISCARD
		UNWATCH
		MULTI
		MULTI
		WATCH a
		SET a 1
		INCR a
		LPUSH a x
		GET a
		UNWATCH
		PING
		ECHO hello
		EXEC
		EXEC
		GET a
		MULTI
		EXEC
		MULTI
		SET a 2
		DISCARD
		GET a
		DISCARD`},
	{"errors while queueing", `
		MULTI
		NOSUCH x
		SET a 1
		EXEC
		MULTI
		SET a
		EXEC
		MULTI
		CONFIG NOSUCH
		GET a
		EXEC
		MULTI
		SHUTDOWN NOSAVE
		EXEC
		MULTI
		EXEC x
		EXEC
		EXEC x
		MULTI x
		WATCH
		MULTI
		WATCH
		EXEC
		MULTI
		MULTI
		MULTI x
		EXEC
		MULTI
		DISCARD x
		EXEC
		MULTI
		SET a 1
		NOSUCH
		DISCARD
		EXEC
		EXISTS a`},
	{"commands that hold everything", `
		SET a 1
		MULTI
		DBSIZE
		SET b 2
		DBSIZE
		SWAPDB 0 1
		DBSIZE
		SELECT 1
		DBSIZE
		GET b
		KEYS b
		FLUSHDB
		DBSIZE
		RANDOMKEY
		SELECT 0
		FLUSHALL ASYNC
		SCAN 0
		EXEC
		DBSIZE`},
	{"commands about the connection", `
		MULTI
		SELECT 3
		SET a 1
		CLIENT SETNAME me
		CLIENT GETNAME
		CLIENT ID
		SELECT 99
		EXEC
		GET a
		CLIENT GETNAME
		MULTI
		HELLO 3
		HGETALL none
		GET none
		EXEC
		GET none
		MULTI
		GET none
		WATCH x
		HELLO 2
		EXEC
		GET none
		MULTI
		CONFIG GET maxmemory-samples
		CLIENT SETNAME a
		CLIENT GETNAME
		CLIENT KILL ID 99999999
		CLIENT UNBLOCK 99999999
		DEBUG SLEEP 0
		SET z 1
		GET z
		EXEC
		MULTI
		SET q 1
		RESET
		EXEC
		GET q
		MULTI
		QUIT`},
	{"no blocking", `
		RPUSH l a
		MULTI
		BLPOP l 0
		BLPOP l 0
		BLMOVE l m LEFT RIGHT 0
		BRPOPLPUSH l m 0
		BLMPOP 0 1 l LEFT
		BZPOPMIN z 0
		BZMPOP 0 1 z MAX
		EXEC
		MULTI
		BLPOP l nonsense
		BLPOP l -1
		EXEC`},
	{"watch: untouched", `
		SET w 1
		WATCH w x
		GET w
		TOUCH w
		@1 SET other 1
		MULTI
		INCR w
		EXEC
		WATCH w
		UNWATCH
		@1 SET w 5
		MULTI
		INCR w
		EXEC`},
	{"watch: changed", `
		SET w 1
		WATCH w
		@1 SET w 2
		MULTI
		INCR w
		EXEC
		GET w
		WATCH w
		MULTI
		INCR w
		@1 INCR w
		@2 WATCH w
		EXEC
		@2 MULTI
		@2 PING
		@2 EXEC
		WATCH w
		SET w own
		MULTI
		PING
		EXEC
		MULTI
		PING
		EXEC
		WATCH a
		@1 LPUSH a x
		MULTI
		NOSUCH
		EXEC`},
	{"watch: what counts as a change", `
		WATCH w
		@1 DEL w
		MULTI
		EXEC
		SET w 1
		WATCH w
		@1 EXPIRE w 1000
		MULTI
		EXEC
		WATCH w
		@1 PERSIST w
		MULTI
		EXEC
		WATCH w
		@1 PERSIST w
		MULTI
		EXEC
		WATCH w x
		@1 RENAME w x
		MULTI
		EXEC
		WATCH w
		@1 RENAME x y
		MULTI
		EXEC
		WATCH w
		@1 COPY y w
		MULTI
		EXEC
		WATCH w
		@1 MOVE w 2
		MULTI
		EXEC
		SADD s a
		WATCH s
		@1 SADD s a
		MULTI
		EXEC
		WATCH s
		@1 SREM s nosuch
		MULTI
		EXEC
		WATCH s
		@1 SREM s a
		MULTI
		EXEC
		SET w 1
		WATCH w
		@1 SETRANGE w 0 ""
		MULTI
		EXEC
		WATCH w
		@1 APPEND w ""
		MULTI
		EXEC`},
	{"watch: whole databases", `
		WATCH w
		@1 FLUSHALL
		MULTI
		EXEC
		SET w 1
		WATCH w
		@1 FLUSHALL
		MULTI
		EXEC
		SET w 1
		WATCH w
		@1 FLUSHALL
		@1 SET w 1
		MULTI
		EXEC
		SET w 1
		WATCH w
		@1 SWAPDB 0 5
		CLIENT INFO
		MULTI
		EXEC
		CLIENT INFO
		@1 SWAPDB 5 0
		WATCH w
		@1 FLUSHDB
		CLIENT INFO
		MULTI
		EXEC
		SET w 1
		SWAPDB 0 5
		WATCH w
		@1 SWAPDB 0 5
		MULTI
		EXEC
		WATCH nothing
		@1 SWAPDB 0 5
		MULTI
		EXEC
		WATCH nothing
		SELECT 3
		@1 SET nothing 1
		MULTI
		EXEC
		WATCH nothing
		@1 SET nothing 2
		MULTI
		EXEC`},
	{"watch: expiry", `
		SET w 1 PX 20
		WATCH w
		!pass 40
		MULTI
		EXEC
		SET w 1 PX 10000
		WATCH w
		MULTI
		EXEC
		WATCH w
		@1 PEXPIRE w -1
		MULTI
		EXEC`},
	{"blocked: less than a negative millisecond is no timeout", `
		@1 !noreply BLPOP a -0.0009
		!blocked 1
		RPUSH a x
		@1 !receive
		@1 !noreply BLPOP a -0.001
		!blocked 1
		RPUSH a x
		@1 !receive
		BLPOP a -0.0011
		BLMPOP -1 1 a LEFT`},
	{"blocked: served in turn", `
		@1 !noreply BLPOP a b 0
		!blocked 1
		@2 !noreply BRPOP b 0
		!blocked 2
		RPUSH b 1 2 3
		LLEN b
		@1 !receive
		@2 !receive
		LRANGE b 0 -1
		!blocked 0
		@1 !noreply BLMOVE x y LEFT RIGHT 0
		!blocked 1
		@2 !noreply BLPOP y 0
		!blocked 2
		LPUSH x v
		EXISTS x y
		@1 !receive
		@2 !receive`},
	{"blocked: woken by other commands", `
		@1 !noreply BLPOP k 0
		!blocked 1
		SET k string
		!blocked 1
		DEL k
		ZADD k 1 m
		RPUSH src v1
		RENAME src k
		@1 !receive
		@1 !noreply BLPOP k 0
		!blocked 1
		RPUSH src 3 1 2
		SORT src STORE k
		@1 !receive
		LRANGE k 0 -1
		DEL k
		@1 !noreply BLPOP k 0
		!blocked 1
		COPY src k
		@1 !receive
		DEL k
		@1 !noreply BLPOP k 0
		!blocked 1
		SELECT 1
		RPUSH k moved
		MOVE k 0
		@1 !receive
		@1 !noreply BLPOP k 0
		!blocked 1
		RPUSH k swapped
		SWAPDB 1 0
		@1 !receive
		@1 !noreply BLPOP k 0
		!blocked 1
		SELECT 0
		MULTI
		RPUSH k 1
		LPUSH k 0
		LPOP k
		EXEC
		@1 !receive
		@1 !noreply BLPOP k 0
		!blocked 1
		MULTI
		RPUSH k 1
		DEL k
		EXEC
		!blocked 1
		RPUSH k end
		@1 !receive`},
	{"blocked: time and CLIENT UNBLOCK", `
		@1 BLPOP k 0.01
		@1 BLMOVE k l LEFT LEFT 0.01
		@1 BZPOPMIN k 0.01
		@1 BZMPOP 0.01 2 k l MIN COUNT 3
		@1 HELLO 3
		@1 BLPOP k 0.01
		@1 BLMOVE k l LEFT LEFT 0.01
		@1 !noreply BLPOP k 0
		!blocked 1
		CLIENT UNBLOCK @{id1}
		@1 !receive
		@1 !noreply BLPOP k 0
		!blocked 1
		CLIENT UNBLOCK @{id1} TIMEOUT
		@1 !receive
		@1 !noreply BLPOP k 0
		!blocked 1
		CLIENT UNBLOCK @{id1} ERROR
		@1 !receive
		CLIENT UNBLOCK @{id1} ERROR
		CLIENT UNBLOCK @{id0}
		CLIENT UNBLOCK x
		CLIENT UNBLOCK 1 x
		CLIENT UNBLOCK 1 ERROR x
		CLIENT UNBLOCK
		@1 !noreply BLPOP k 0
		!blocked 1
		CLIENT KILL ID @{id1}
		!blocked 0
		RPUSH k left
		LRANGE k 0 -1`},
	{"blocked: sorted sets and streams", `
		@1 !noreply BZPOPMIN z 0
		!blocked 1
		@2 !noreply BZMPOP 0 2 y z MAX COUNT 2
		!blocked 2
		RPUSH z notyet
		!blocked 2
		DEL z
		ZADD z 1 a 2 b 3 c 4 d
		@1 !receive
		@2 !receive
		ZRANGE z 0 -1
		@1 !noreply XREAD BLOCK 0 STREAMS s 0
		!blocked 1
		@2 !noreply XREAD BLOCK 0 COUNT 1 STREAMS s $
		!blocked 2
		XADD s 1-1 f v
		@1 !receive
		@2 !receive
		XGROUP CREATE s g $
		@1 !noreply XREADGROUP GROUP g me BLOCK 0 STREAMS s >
		!blocked 1
		@2 !noreply XREADGROUP GROUP g you BLOCK 0 STREAMS s >
		!blocked 2
		XADD s 2-1 f v
		@1 !receive
		!blocked 1
		XADD s 2-2 f v
		@2 !receive
		@1 !noreply XREADGROUP GROUP g me BLOCK 0 STREAMS s >
		!blocked 1
		DEL s
		@1 !receive
		!blocked 0`},
	{"documentation", `
		COMMAND INFO multi exec discard watch unwatch client|unblock
		COMMAND DOCS multi exec discard watch unwatch
		COMMAND GETKEYS WATCH a b`},
}
