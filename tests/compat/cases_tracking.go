package compat

// What changes without a command, or by a client that is not told, is awaited with a
// command of the same connection whose reply would come first.
var trackingCases = []Case{
	{"rules of CLIENT TRACKING", `
		CLIENT TRACKING
		CLIENT TRACKING x
		CLIENT TRACKING x BCAST
		CLIENT TRACKINGINFO
		CLIENT TRACKINGINFO x
		CLIENT GETREDIR
		CLIENT GETREDIR x
		CLIENT CACHING
		CLIENT CACHING yes
		CLIENT CACHING maybe
		CLIENT TRACKING on PREFIX a
		CLIENT TRACKING on PREFIX
		CLIENT TRACKING on REDIRECT
		CLIENT TRACKING on REDIRECT abc
		CLIENT TRACKING on REDIRECT 0
		CLIENT TRACKING on REDIRECT -1
		CLIENT TRACKING on REDIRECT 999999999
		CLIENT TRACKING on NOSUCH
		CLIENT TRACKING on OPTIN OPTOUT
		CLIENT TRACKING on BCAST OPTIN
		CLIENT TRACKING on BCAST OPTOUT
		CLIENT TRACKING x REDIRECT 0
		CLIENT TRACKING off PREFIX a
		CLIENT TRACKING off BCAST OPTIN
		CLIENT TRACKING off NOSUCH
		CLIENT TRACKINGINFO
		CLIENT TRACKING on
		CLIENT TRACKINGINFO
		CLIENT GETREDIR
		CLIENT CACHING yes
		CLIENT CACHING no
		CLIENT CACHING maybe
		CLIENT TRACKING on BCAST
		CLIENT TRACKING on OPTIN
		CLIENT CACHING yes
		CLIENT TRACKINGINFO
		CLIENT CACHING no
		PING
		CLIENT TRACKINGINFO
		CLIENT TRACKING on OPTOUT
		CLIENT TRACKING on NOLOOP
		CLIENT TRACKINGINFO
		CLIENT TRACKING on OPTOUT
		CLIENT CACHING no
		CLIENT TRACKINGINFO
		CLIENT TRACKING on OPTIN
		CLIENT TRACKING off
		HELLO 3
		CLIENT TRACKINGINFO
		CLIENT TRACKING on BCAST PREFIX ab PREFIX a
		CLIENT TRACKING on BCAST PREFIX ab PREFIX ab
		CLIENT TRACKING on BCAST PREFIX b PREFIX a PREFIX c
		CLIENT TRACKINGINFO
		CLIENT TRACKING on BCAST PREFIX bc
		CLIENT TRACKING on BCAST PREFIX d NOLOOP
		CLIENT TRACKINGINFO
		CLIENT TRACKING on
		CLIENT CACHING yes
		CLIENT TRACKING on BCAST
		CLIENT TRACKINGINFO
		RESET
		CLIENT TRACKINGINFO`},
	{"CLIENT LIST", `
		CLIENT TRACKING on
		CLIENT INFO
		CLIENT TRACKING off
		CLIENT TRACKING on BCAST NOLOOP
		CLIENT INFO
		CLIENT TRACKING off
		CLIENT INFO
		CLIENT TRACKING on OPTIN
		MULTI
		CLIENT TRACKINGINFO
		CLIENT TRACKING off
		CLIENT TRACKINGINFO
		CLIENT TRACKING on BCAST PREFIX p
		EXEC
		CLIENT INFO
		RESET
		CLIENT INFO`},
	{"keys that were read", `
		MSET a 1 b 2 c 3
		@1 HELLO 3
		@1 CLIENT TRACKING on
		@1 GET a
		@1 MGET b nokey
		@1 SET c 9
		SET a 2
		@1 !receive
		SET a 3
		SET c 1
		DEL b
		@1 !receive
		SET nokey 1
		@1 !receive
		@1 GET a
		SELECT 1
		SET a x
		@1 !receive
		SELECT 0
		@1 GET a
		RENAME a d
		@1 !receive
		@1 GET d
		EXPIRE d 1000
		@1 !receive
		@1 GET d
		PERSIST d
		@1 !receive
		@1 LRANGE l 0 -1
		RPUSH l 1 2
		@1 !receive
		@1 LRANGE l 0 -1
		LPOP l
		@1 !receive
		@1 GET a
		FLUSHALL
		@1 !receive
		SET a 1
		@1 GET a
		PEXPIRE a 1000
		@1 !receive
		@1 GET a
		@1 !receive
		!pass 20
		@1 GET a
		SET a 1
		@1 !receive
		@1 PING`},
	{"a client's own changes", `
		HELLO 3
		CLIENT TRACKING on
		SET k 1
		GET k
		SET k 2
		!receive
		SET k 3
		GET k
		& SET k 4
		& GET k
		!receive
		FLUSHALL ASYNC
		!receive
		GET k
		MULTI
		SET k 5
		GET k
		SET k 6
		EXEC
		!receive
		!receive
		PING
		CLIENT TRACKING on NOLOOP
		GET k
		SET k 7
		@1 SET k 8
		GET k
		@1 SET k 9
		!receive
		GET k
		FLUSHDB ASYNC
		!receive
		GET k
		CLIENT TRACKING off
		@1 SET k 1
		PING`},
	{"OPTIN and OPTOUT", `
		HELLO 3
		CLIENT TRACKING on OPTIN
		GET a
		CLIENT CACHING yes
		GET b
		GET c
		@1 SET a 1
		@1 SET c 1
		@1 SET b 1
		!receive
		CLIENT CACHING yes
		MULTI
		GET a
		GET b
		EXEC
		GET c
		@1 SET a 1
		!receive
		@1 SET b 1
		!receive
		@1 SET c 1
		PING
		CLIENT CACHING yes
		CLIENT GETNAME
		GET c
		@1 SET c 2
		!receive
		CLIENT CACHING yes
		NOSUCH
		GET a
		CLIENT CACHING yes
		GET
		CLIENT TRACKINGINFO
		GET a
		CLIENT CACHING yes
		EXEC
		CLIENT TRACKINGINFO
		CLIENT CACHING yes
		CLIENT NOSUCH
		CLIENT TRACKINGINFO
		CLIENT CACHING yes
		CLIENT
		CLIENT TRACKINGINFO
		CLIENT CACHING yes
		CLIENT CACHING
		GET c
		@1 SET a 3
		@1 SET c 3
		!receive
		CLIENT TRACKING off
		CLIENT TRACKING on OPTOUT
		GET a
		CLIENT CACHING no
		GET b
		GET c
		@1 SET b 1
		@1 SET a 1
		!receive
		@1 SET c 1
		!receive
		PING`},
	{"broadcasts", `
		@1 HELLO 3
		@1 CLIENT TRACKING on BCAST PREFIX a PREFIX b
		@2 HELLO 3
		@2 CLIENT TRACKING on BCAST NOLOOP
		SET a1 1
		@1 !receive
		@2 !receive
		SET c 1
		@2 !receive
		MSET a3 1 a2 1 a1 1
		@1 !receive
		@2 !receive
		@2 SET b 1
		@1 !receive
		@1 SET bb 1
		@1 !receive
		@2 !receive
		FLUSHALL
		@1 !receive
		@2 !receive
		SET a1 x PX 300
		@1 !receive
		@1 !receive
		@2 !receive
		@2 !receive
		@1 RESET
		SET a1 2
		@2 !receive
		@1 PING`},
	{"in RESP2 nobody is told", `
		HELLO 2
		CLIENT TRACKING on
		GET a
		@1 SET a 1
		SET a 2
		FLUSHALL ASYNC
		GET a
		CLIENT TRACKING off
		CLIENT TRACKING on BCAST
		@1 SET a 1
		PING`},
	{"documentation", `
		COMMAND INFO client|tracking client|caching client|getredir client|trackinginfo
		COMMAND DOCS client|tracking client|caching client|getredir client|trackinginfo`},
}
