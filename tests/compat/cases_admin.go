package compat

var adminCases = []Case{
	{"acl: users and their rules", `
		ACL WHOAMI
		ACL USERS
		ACL LIST
		ACL GETUSER default
		ACL GETUSER nobody
		ACL SETUSER u1
		ACL GETUSER u1
		ACL SETUSER u1 on >secret ~k* %R~r* %W~w* &c* +get +set +@hash -hset +config|get
		ACL GETUSER u1
		ACL LIST
		ACL SETUSER u1 (+mget ~m*) (-@all +del)
		ACL GETUSER u1
		ACL SETUSER u1 clearselectors nopass allkeys allchannels
		ACL GETUSER u1
		ACL SETUSER u1 resetpass resetkeys resetchannels -@all
		ACL GETUSER u1
		ACL SETUSER u1 +@all -@dangerous +flushall
		ACL GETUSER u1
		ACL SETUSER u1 reset
		ACL GETUSER u1
		ACL SETUSER u1 +nosuch
		ACL SETUSER u1 +@nosuch
		ACL SETUSER u1 foo
		ACL SETUSER u1 ~a allkeys ~b
		ACL SETUSER u1 <nopass
		ACL SETUSER u1 #abc
		ACL SETUSER u1 !abc
		ACL SETUSER u1 %~x
		ACL SETUSER u1 %X~x
		ACL SETUSER u1 (+get
		ACL SETUSER u1 +config|nosuch
		ACL SETUSER "a b" on
		ACL DELUSER u1 nobody
		ACL DELUSER default
		ACL USERS`},
	{"acl: what a user may do", `
		ACL SETUSER u1 on >secret ~k* %R~r* &c* +@all -@admin -@dangerous +acl|whoami -del (~x* +del)
		@1 AUTH u1 wrong
		@1 AUTH u1 secret
		@1 ACL WHOAMI
		@1 SET k 1
		@1 GET k
		@1 SET r 1
		@1 GET r
		@1 GET a
		@1 MGET k r
		@1 MGET k a
		@1 DEL k
		@1 DEL x
		@1 DEL xa k
		@1 FLUSHALL
		@1 CONFIG GET port
		@1 ACL LIST
		@1 PUBLISH ch m
		@1 PUBLISH d m
		@1 RENAME r k
		@1 COPY r k
		@1 SORT k BY w_*
		@1 NOSUCH
		@1 GET
		@1 MULTI
		@1 SET a 1
		@1 EXEC
		@1 RESET
		ACL DRYRUN u1 GET k
		ACL DRYRUN u1 GET a
		ACL DRYRUN u1 SET r 1
		ACL DRYRUN u1 DEL k
		ACL DRYRUN u1 CONFIG GET x
		ACL DRYRUN u1 CONFIG x
		ACL DRYRUN default CONFIG x
		ACL DRYRUN default CONFIG
		ACL DRYRUN default CONFIG|GET x
		ACL DRYRUN u1 NOSUCH
		ACL DRYRUN u1 GET
		ACL DRYRUN nobody GET k
		ACL DELUSER u1`},
	{"acl log", `
		ACL LOG RESET
		ACL SETUSER lou on nopass +get +multi +exec +eval +discard +hello ~x* &c*
		AUTH nobody x
		HELLO 2 AUTH lou2 x
		auth lou x
		GET y
		SET y 1
		GET y
		MULTI
		DEL x
		GET y
		DISCARD
		EVAL "return redis.pcall('get','y')" 0
		EVAL "return redis.pcall('del','x')" 0
		EVAL "return redis.call('get','x')" 1 y
		CONFIG GET x
		HELLO 2 AUTH default ""
		ACL LOG
		ACL LOG 2
		ACL LOG RESET
		ACL DELUSER lou`},
	{"acl: the rest", `
		ACL
		ACL CAT
		ACL CAT scripting nosuch
		ACL CAT nosuch
		ACL GENPASS 0
		ACL GENPASS 5000
		ACL GENPASS x
		ACL LOG RESET
		ACL LOG
		ACL LOG x
		ACL LOG -1
		ACL SAVE
		ACL LOAD
		ACL NOSUCH
		ACL HELP
		AUTH default x
		AUTH nobody x
		AUTH x`},
	{"client: pause", `
		CLIENT PAUSE
		CLIENT PAUSE x
		CLIENT PAUSE -1
		CLIENT PAUSE 1.5
		CLIENT PAUSE 1 sometimes
		CLIENT PAUSE 1 ALL x
		CLIENT PAUSE 0
		CLIENT UNPAUSE
		CLIENT UNPAUSE x
		CLIENT PAUSE 100000 WRITE
		GET k
		@1 !noreply SET k 1
		!blocked 1
		@2 !noreply PUBLISH c m
		!blocked 2
		CLIENT LIST
		CLIENT UNPAUSE
		@1 !receive
		@2 !receive
		GET k
		@1 MULTI
		@1 SET k 2
		CLIENT PAUSE 100000 WRITE
		@1 !noreply EXEC
		!blocked 1
		GET k
		@2 MULTI
		@2 GET k
		@2 EXEC
		@2 PFCOUNT
		@2 SET k
		CLIENT UNPAUSE
		@1 !receive
		GET k`},
	{"client: tracking is off", `
		CLIENT TRACKINGINFO
		CLIENT GETREDIR
		CLIENT CACHING YES
		CLIENT CACHING maybe
		CLIENT TRACKING OFF
		CLIENT TRACKING sometimes
		HELLO 3
		CLIENT TRACKINGINFO`},
	{"client: kill and filters", `
		CLIENT KILL TYPE nosuch
		CLIENT KILL USER nobody
		CLIENT KILL SKIPME maybe
		CLIENT KILL ID 0
		CLIENT KILL ID x
		CLIENT KILL ID
		CLIENT KILL ADDR 1.2.3.4:5 LADDR 1.2.3.4:5
		CLIENT KILL nonsense
		CLIENT KILL TYPE pubsub USER default
		CLIENT KILL TYPE master
		CLIENT KILL ID @{id1} USER nobody
		CLIENT KILL ID @{id1} TYPE pubsub
		CLIENT KILL ID @{id1} TYPE normal USER default SKIPME no
		@1 !closed
		CLIENT KILL ID @{id0}
		CLIENT LIST TYPE normal x
		CLIENT LIST ID
		CLIENT LIST TYPE
		PING`},
	{"slowlog", `
		SLOWLOG
		SLOWLOG RESET
		CONFIG SET slowlog-log-slower-than 1000000
		SLOWLOG LEN
		SLOWLOG GET
		SLOWLOG GET 5
		SLOWLOG GET -1
		SLOWLOG GET -2
		SLOWLOG GET x
		SLOWLOG GET 1 2
		SLOWLOG LEN x
		SLOWLOG NOSUCH
		SLOWLOG HELP
		CONFIG SET slowlog-log-slower-than 1000000`},
	{"latency", `
		LATENCY RESET
		LATENCY LATEST
		LATENCY HISTORY command
		LATENCY HISTORY
		LATENCY GRAPH command
		LATENCY RESET command nosuch
		LATENCY HISTOGRAM nosuch
		LATENCY
		LATENCY DOCTOR x
		LATENCY NOSUCH
		LATENCY HELP`},
	{"latency histograms", `
		CONFIG RESETSTAT
		LATENCY HISTOGRAM
		SET a 1
		GET a
		GET a
		GET
		INCR
		LPUSH a 1
		BLPOP nothing x
		CLIENT ID
		CLIENT GETNAME
		CLIENT NOSUCH
		MULTI
		GET a
		EXEC
		EVAL "return redis.call('GET', KEYS[1])" 1 a
		LATENCY HISTOGRAM set get get incr lpush blpop nosuch eval multi exec
		LATENCY HISTOGRAM client client|id
		LATENCY HISTOGRAM`},
	{"monitor and role", `
		ROLE
		ROLE x
		MULTI
		MONITOR
		EXEC
		MONITOR x
		@1 MONITOR
		@1 RESET
		@1 GET k
		CLIENT LIST`},
}
