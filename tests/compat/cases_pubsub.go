package compat

var pubsubCases = []Case{
	{"listening", `
		@1 SUBSCRIBE a
		@1 SUBSCRIBE a
		@1 PSUBSCRIBE a*
		@1 PSUBSCRIBE b*
		@1 SSUBSCRIBE a
		@1 SSUBSCRIBE b
		@2 HELLO 3
		@2 SUBSCRIBE a
		PUBLISH a one
		@1 !receive
		@1 !receive
		@2 !receive
		PUBLISH b two
		@1 !receive
		PUBLISH c three
		SPUBLISH a four
		@1 !receive
		PUBLISH a ""
		@1 !receive
		@1 !receive
		@2 !receive
		PUBSUB CHANNELS
		PUBSUB CHANNELS *
		PUBSUB CHANNELS b
		PUBSUB NUMSUB a b a
		PUBSUB NUMPAT
		PUBSUB SHARDNUMSUB a b c
		@1 UNSUBSCRIBE nothing
		@1 UNSUBSCRIBE a
		@1 PUNSUBSCRIBE b*
		@1 PUNSUBSCRIBE b*
		@1 PUNSUBSCRIBE
		@1 SUNSUBSCRIBE a
		@1 SUNSUBSCRIBE
		@1 SUNSUBSCRIBE
		@1 UNSUBSCRIBE
		@1 GET x
		@2 UNSUBSCRIBE
		PUBSUB CHANNELS
		PUBSUB NUMPAT`},
	{"a client that listens", `
		SUBSCRIBE a
		GET a
		CLIENT LIST
		MULTI
		EXEC
		NOSUCH
		GET
		PING
		PING hi
		PING a b
		HELLO 3
		SUBSCRIBE
		@1 PUBLISH a hello
		!receive
		RESET
		GET a
		SUBSCRIBE a
		QUIT`},
	{"arguments", `
		SUBSCRIBE
		PSUBSCRIBE
		SSUBSCRIBE
		UNSUBSCRIBE
		UNSUBSCRIBE a
		PUNSUBSCRIBE
		SUNSUBSCRIBE
		HELLO 3
		UNSUBSCRIBE
		PUNSUBSCRIBE x
		SUNSUBSCRIBE
		PUBLISH
		PUBLISH a
		PUBLISH a b c
		PUBLISH a b
		SPUBLISH a
		SPUBLISH a b
		PUBSUB
		PUBSUB NOSUCH
		PUBSUB CHANNELS
		PUBSUB CHANNELS a
		PUBSUB CHANNELS a b
		PUBSUB NUMSUB
		PUBSUB NUMSUB a
		PUBSUB NUMPAT
		PUBSUB NUMPAT x
		PUBSUB SHARDCHANNELS
		PUBSUB SHARDCHANNELS a b
		PUBSUB SHARDNUMSUB
		PUBSUB SHARDNUMSUB a b`},
	{"within MULTI", `
		MULTI
		PUBLISH a x
		SUBSCRIBE a
		PSUBSCRIBE b
		UNSUBSCRIBE a
		PUNSUBSCRIBE b
		PUBSUB NUMPAT
		EXEC
		GET a`},
	{"keyspace events", `
		CONFIG SET notify-keyspace-events KEA
		@1 PSUBSCRIBE __key*
		SET k v EX 1000
		@1 !receive
		@1 !receive
		@1 !receive
		@1 !receive
		LPUSH l a
		@1 !receive
		@1 !receive
		LPOP l
		@1 !receive
		@1 !receive
		@1 !receive
		@1 !receive
		SELECT 3
		SET n 1
		@1 !receive
		@1 !receive
		INCR n
		@1 !receive
		@1 !receive
		PEXPIRE n 1
		@1 !receive
		@1 !receive
		@1 !receive
		@1 !receive
		CONFIG SET notify-keyspace-events Ez
		ZADD z 1 a
		@1 !receive
		SADD s a
		DEL z
		ZADD z 1 a
		@1 !receive
		CONFIG SET notify-keyspace-events ""
		ZADD z 2 b
		@1 PING`},
	{"documentation", `
		COMMAND INFO subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe publish spublish pubsub
		COMMAND DOCS subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe publish spublish pubsub
		COMMAND GETKEYS SSUBSCRIBE a
		COMMAND GETKEYS PUBLISH a b`},
}
