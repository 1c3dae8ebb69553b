package compat

var connectionCases = []Case{
	{"what a transaction has made of its client", `
		MULTI
		CLIENT SETNAME abc
		SELECT 3
		CLIENT NO-EVICT ON
		CLIENT LIST
		CLIENT LIST TYPE pubsub
		CLIENT INFO
		EXEC
		RESET
		MULTI
		CLIENT NO-EVICT ON
		CLIENT SETNAME x
		CLIENT SETNAME ""
		CLIENT LIST
		CLIENT LIST TYPE pubsub
		EXEC`},
	{"shard channels in a transaction", `
		MULTI
		SSUBSCRIBE s
		SUNSUBSCRIBE s
		EXEC
		MULTI
		DBSIZE
		SSUBSCRIBE s
		CLIENT LIST
		EXEC`},
	{"ping, echo, unknown commands, arity", `
		PING
		PING hi
		PING a b
		ping "\x00\xff"
		ECHO hi
		ECHO
		ECHO a b
		ECHO ""
		NOSUCH
		NOSUCH a b c
		NOSUCH {200*x} y
		"no\r\nsuch" "a\r\nb"
		{300*n}
		NOSUCH {50*a} {50*b} {50*c} {50*d}
		"" a
		GET
		GET a b
		CLIENT
		CLIENT NOSUCH
		CLIENT NOSUCH a b
		CLIENT GETNAME x
		CLIENT ID x
		CONFIG
		CONFIG NOSUCH
		COMMAND NOSUCH
		OBJECT`},
	{"inline commands", `
		!inline PING
		!inline SET k "a b"
		!inline GET k
		!inline SET k "\x00\xff\n"
		!inline GET k
		!inline SET k ""
		!inline GET k
		!inline ECHO 'single'
		!inline nosuch a
		!inline GET`},
	{"hello and the protocol's forms", `
		HELLO
		HELLO 3
		GET nokey
		MGET nokey
		CONFIG GET maxmemory
		INCRBYFLOAT f 1.5
		OBJECT ENCODING nokey
		COMMAND GETKEYS GET a
		LCS a b IDX
		CLIENT INFO
		CLIENT LIST
		INFO keyspace
		BITFIELD f OVERFLOW FAIL INCRBY u2 0 7
		SET f v GET NX
		HELLO
		HELLO 2
		GET nokey
		HELLO 4
		HELLO 1
		HELLO x
		HELLO 3 SETNAME worker
		CLIENT GETNAME
		HELLO 3 SETNAME "a b"
		HELLO 3 AUTH default nopass
		HELLO 3 AUTH nobody x
		HELLO 3 AUTH default
		HELLO 3 bogus
		HELLO 2 SETNAME
		HELLO 3 AUTH default x SETNAME y
		CLIENT GETNAME
		HELLO 2 SETNAME n1
		CLIENT GETNAME`},
	{"auth without a password", `
		AUTH x
		AUTH default x
		AUTH nobody x
		AUTH
		AUTH a b c`},
	{"auth with requirepass", `
		CONFIG SET requirepass secret
		@1 PING
		@1 RESET
		@1 PING
		@1 GET k
		@1 NOSUCH
		@1 GET
		@1 HELLO
		@1 HELLO 3
		@1 HELLO x
		@1 AUTH wrong
		@1 AUTH default wrong
		@1 AUTH nobody secret
		@1 HELLO 3 AUTH default wrong
		@1 AUTH secret
		@1 PING
		@1 RESET
		@1 PING
		@1 HELLO 3 AUTH default secret SETNAME me
		@1 CLIENT GETNAME
		@1 RESET
		@1 AUTH default secret
		@1 PING
		@1 COMMAND COUNT
		CONFIG GET requirepass
		CONFIG SET requirepass ""
		CONFIG GET requirepass
		@1 PING`},
	{"client names and flags", `
		CLIENT GETNAME
		CLIENT SETNAME worker-1
		CLIENT GETNAME
		CLIENT SETNAME "a b"
		CLIENT SETNAME "a\nb"
		CLIENT SETNAME "\x7f"
		CLIENT SETNAME ""
		CLIENT GETNAME
		CLIENT SETNAME
		CLIENT SETNAME a b
		CLIENT NO-EVICT ON
		CLIENT INFO
		CLIENT NO-EVICT off
		CLIENT NO-EVICT maybe
		CLIENT NO-EVICT
		CLIENT NO-TOUCH ON
		CLIENT NO-TOUCH off
		CLIENT SETINFO LIB-NAME kring-test
		CLIENT SETINFO lib-ver 1.0
		CLIENT NO-EVICT ON
		RESET
		CLIENT INFO`},
	{"client list", `
		@1 CLIENT SETNAME one
		@2 CLIENT SETNAME two
		@2 SELECT 5
		@1 HELLO 3
		CLIENT LIST
		@1 CLIENT LIST
		CLIENT LIST TYPE normal
		CLIENT LIST TYPE pubsub
		CLIENT LIST TYPE bogus
		CLIENT LIST ID @{id1}
		CLIENT LIST ID @{id1} @{id2}
		CLIENT LIST ID 99999999
		CLIENT LIST ID x
		CLIENT LIST ID
		CLIENT LIST ID -1
		CLIENT LIST bogus
		CLIENT LIST TYPE
		CLIENT HELP`},
	{"client kill", `
		CLIENT KILL ID @{id1}
		@1 !closed
		CLIENT KILL @{addr2}
		@2 !closed
		CLIENT KILL ADDR @{addr2}
		@1 PING
		CLIENT KILL ADDR @{addr1}
		@1 !closed
		CLIENT KILL 127.0.0.1:1
		CLIENT KILL ID 99999999
		CLIENT KILL ID 0
		CLIENT KILL ID x
		CLIENT KILL
		CLIENT KILL ID
		CLIENT KILL bogus 1
		CLIENT KILL TYPE bogus
		CLIENT KILL TYPE pubsub
		CLIENT KILL USER nobody
		CLIENT KILL USER default ID 99999999
		CLIENT KILL SKIPME maybe
		CLIENT KILL ID @{id0} SKIPME yes
		PING
		CLIENT KILL ID @{id0} SKIPME no
		!closed`},
	{"client kill: itself, and by local address", `
		CLIENT KILL ID @{id0}
		PING
		CLIENT KILL @{addr0}
		!closed
		@1 CLIENT KILL LADDR 127.0.0.1:1
		@1 PING`},
	{"client reply", `
		!noreply CLIENT REPLY OFF
		!noreply SET a 1
		!noreply GET a
		CLIENT REPLY ON
		GET a
		!noreply CLIENT REPLY SKIP
		!noreply SET a 2
		GET a
		CLIENT REPLY ON
		CLIENT REPLY bogus
		CLIENT REPLY
		!noreply CLIENT REPLY OFF
		!noreply CLIENT REPLY SKIP
		CLIENT REPLY ON
		PING
		!noreply CLIENT REPLY SKIP
		!noreply NOSUCH
		PING`},
	{"client reply in a transaction", `
		SET a 1
		!raw "MULTI\r\nGET a\r\nCLIENT REPLY OFF\r\nGET a\r\nEXEC\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n"
		!raw "MULTI\r\nCLIENT REPLY OFF\r\nGET a\r\nCLIENT REPLY ON\r\nGET a\r\nEXEC\r\nPING\r\n"
		!raw "MULTI\r\nEVAL 'return 1' 0\r\nCLIENT REPLY OFF\r\nGET a\r\nEXEC\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n"
		!raw "MULTI\r\nCLIENT REPLY OFF\r\nEVAL 'return 1' 0\r\nCLIENT REPLY ON\r\nGET a\r\nEXEC\r\nPING\r\n"
		!raw "MULTI\r\nEVAL 'return 1' 0\r\nCLIENT REPLY OFF\r\nSUBSCRIBE ch\r\nGET a\r\nHELLO 3\r\nCLIENT REPLY ON\r\nHGETALL no\r\nEXEC\r\nPING\r\n"
		!raw "CLIENT REPLY OFF\r\nMULTI\r\nEVAL 'return 1' 0\r\nCLIENT REPLY ON\r\nGET a\r\nEXEC\r\nPING\r\n"
		!raw "MULTI\r\nEVAL 'return 1' 0\r\nCLIENT REPLY SKIP\r\nGET a\r\nEXEC\r\nGET a\r\nPING\r\n"
		!raw "MULTI\r\nCLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nEXEC\r\nGET a\r\nPING\r\n"
		!raw "CLIENT REPLY SKIP\r\nRESET\r\nPING\r\nPING\r\n"
		!raw "CLIENT REPLY OFF\r\nRESET\r\nPING\r\n"`},
	{"reset and quit", `
		SELECT 3
		HELLO 3
		CLIENT SETNAME x
		RESET
		CLIENT GETNAME
		CLIENT INFO
		GET nokey
		RESET x
		@1 QUIT
		@1 PING
		@2 quit now
		@2 PING`},
	{"pipelines", `
		SET k 1
		& INCR k
		& GET k
		& NOSUCH
		& INCR k
		& MGET k k nokey
		& GET
		& DEL k
		& GET k
		& HELLO 3
		& GET k
		& HELLO 2
		& GET k
		& SELECT 2
		& SET k x
		& SELECT 0
		& GET k`},
	{"protocol errors", `
		!raw "*1\r\n$4\r\nPING\r\n"
		!raw "PING\r\n"
		!raw "PING\n"
		!raw "\r\n\r\nPING\r\n"
		!raw "   \r\nPING\r\n"
		!raw "*0\r\n"
		!raw "*-1\r\n"
		!raw "*-10\r\n"
		!raw "*x\r\n"
		!raw "*\r\n"
		!raw "*1048577\r\n"
		!raw "*2147483648\r\n"
		!raw "*9223372036854775808\r\n"
		!raw "* 1\r\n$4\r\nPING\r\n"
		!raw "*+1\r\n$4\r\nPING\r\n"
		!raw "*01\r\n$4\r\nPING\r\n"
		!raw "*1\r\n:1\r\n"
		!raw "*1\r\nPING\r\n"
		!raw "*1\r\n\r\nPING\r\n"
		!raw "*1\r\n$x\r\n"
		!raw "*1\r\n$\r\n"
		!raw "*1\r\n$-1\r\n"
		!raw "*1\r\n$-5\r\n"
		!raw "*1\r\n$536870913\r\n"
		!raw "*1\r\n$9223372036854775808\r\n"
		!raw "*1\r\n$ 4\r\nPING\r\n"
		!raw "*1\r\n$04\r\nPING\r\n"
		!raw "*2\r\n$3\r\nGET\r\n$-1\r\n"
		!raw "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n"
		!raw "SET k \"unbalanced\r\n"
		!raw "SET k 'unbalanced\r\n"
		!raw "SET k \"a\"b\r\n"
		!raw "SET k 'it\\'s'\r\nGET k\r\n"
		!raw "SET k \"\\x41\\n\\t\\\"\"\r\nGET k\r\n"
		!raw "  PING  \r\n"
		!raw "\tPING\t\r\n"
		!raw "PING\r\n*1\r\n$4\r\nPING\r\nbad\r\n*x\r\n"
		!raw "GET k\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*x\r\nGET k\r\n"
		!raw "*1\r\n$0\r\n\r\n"
		!raw "*2\r\n$0\r\n\r\n$1\r\na\r\n"
		!raw "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
		!raw "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"
		!raw "{300000*x}"
		!raw "*1{70000*0}"
		!raw "*1\r\n${70000*1}"
		!raw "*1\r\n$4{70000*x}"`},
}
