package compat

import "strings"

var serverGroup = Group{Name: "server",
	Commands: `
		bgrewriteaof bgsave command command|count command|docs command|getkeys command|getkeysandflags command|help command|info
		command|list config config|get config|help config|resetstat config|rewrite config|set dbsize debug flushall
		flushdb info lastsave memory memory|usage save shutdown swapdb time`,
	Weight: 4, Gens: serverGens, Cases: serverCases}

// configWords are parameters whose defaults are the same in 7.0 and 7.4.
var configWords = strings.Fields(`
	maxmemory maxmemory-policy maxmemory-samples timeout tcp-keepalive databases save appendonly appendfsync appendfilename
	proto-max-bulk-len client-query-buffer-limit client-output-buffer-limit maxclients lfu-log-factor lfu-decay-time
	hash-max-listpack-entries hash-max-listpack-value hash-max-ziplist-entries list-max-listpack-size set-max-intset-entries
	zset-max-listpack-entries zset-max-ziplist-value slowlog-log-slower-than slowlog-max-len latency-monitor-threshold
	notify-keyspace-events lazyfree-lazy-expire lazyfree-lazy-user-del lazyfree-lazy-user-flush hz dynamic-hz
	activedefrag requirepass masterauth tcp-backlog protected-mode rename-command loglevel syslog-enabled
	stream-node-max-entries replica-read-only slave-read-only io-threads nosuchparameter`)

// getkeysWords are commands whose keys COMMAND GETKEYS finds.
var getkeysWords = []string{
	"GET k", "SET k v", "SET k v GET", "MSET a 1 b 2 c 3", "MSET a 1 b", "MGET a b c", "DEL a b", "EXISTS a a", "RENAME a b",
	"COPY a b DB 1", "BITOP AND d a b c", "BITFIELD k GET u8 0", "BITFIELD k SET u8 0 1", "LCS a b", "OBJECT ENCODING k",
	"MEMORY USAGE k", "GETRANGE k 0 1", "PING", "SELECT 1", "NOSUCH a", "GET", "GET a b", "MSETNX a 1 b 2", "CONFIG GET x", "INFO",
	"SETRANGE k 0 v", "BITCOUNT k", "BITPOS k 1", "GETEX k", "GETEX k PERSIST", "APPEND k v", "INCR k", "EXPIRE k 1", "TTL k", "MOVE k 1",
	"EVAL x 1 k", "EVAL x 1", "EVAL x -1 k", "FCALL f 2 a", "FCALL_RO f x a", "XREAD STREAMS a 0", "XREAD COUNT 1 a", "LMPOP 3 a LEFT", "SORT a STORE b",
	"TOUCH a b", "UNLINK a b c", "GETDEL k", "GETSET k v", "STRLEN k", "TYPE k", "PERSIST k", "SCAN 0", "KEYS *", "CLIENT ID",
}

var serverGens = []Gen{
	{Name: "config-get", Make: func(g *G) []string {
		args := []string{"CONFIG", "GET"}
		for range 1 + g.N(3) {
			args = append(args, configWords[g.N(len(configWords))])
		}
		return args
	}},
	{Name: "config-set-wrong", Weight: 6, Make: func(g *G) []string {
		return append([]string{"CONFIG", "SET"}, strings.Fields(g.Pick(
			"nosuchparameter 1", "maxmemory abc", "maxmemory -1", "timeout -1", "timeout x", "appendonly maybe", "databases 5",
			"maxmemory-policy sometimes", "maxmemory-samples 0", "hz x", "proto-max-bulk-len 1", "maxmemory", "timeout 1 timeout 2",
			"client-output-buffer-limit normal", "client-output-buffer-limit x", "notify-keyspace-events Q", "port x", "lfu-log-factor -1",
			"tcp-keepalive -5", "nosuch", "timeout 1 nosuch 2"))...)
	}},
	{Name: "command-getkeys", Make: func(g *G) []string {
		sub := g.Pick("GETKEYS", "GETKEYS", "GETKEYSANDFLAGS")
		return append([]string{"COMMAND", sub}, strings.Fields(g.Pick(getkeysWords...))...)
	}},
	{Name: "command-info", Make: func(g *G) []string {
		args := []string{"COMMAND", "INFO"}
		for range 1 + g.N(3) {
			args = append(args, infoWords[g.N(len(infoWords))])
		}
		return args
	}},
	{Name: "command-docs", Weight: 3, Make: func(g *G) []string {
		return []string{"COMMAND", "DOCS", infoWords[g.N(len(infoWords))]}
	}},
	{Name: "command-list", Weight: 2, Make: func(g *G) []string {
		args := []string{"COMMAND", "LIST"}
		if g.P(70) {
			args = append(args, "FILTERBY", g.Pick("ACLCAT", "PATTERN", "MODULE", "BOGUS"), g.Pick("string", "bitmap", "nosuch", "get*", "*bit*", ""))
		}
		return args
	}},
	{Name: "command-count", Weight: 1, Make: func(g *G) []string { return []string{"COMMAND", "COUNT"} }},
	{Name: "time", Weight: 2, Make: func(g *G) []string { return []string{"TIME"} }},
	{Name: "info", Weight: 3, Make: func(g *G) []string {
		return []string{"INFO", g.Pick("keyspace", "KEYSPACE", "clients", "memory", "stats", "replication", "nosuch", "cpu")}
	}},
	{Name: "help", Weight: 2, Make: func(g *G) []string {
		return []string{g.Pick("OBJECT", "CLIENT", "CONFIG", "COMMAND", "MEMORY"), g.Pick("HELP", "help", "NOSUCH", "")}
	}},
}

// infoWords are commands that both servers know, and one that neither does.
var infoWords = func() []string {
	var out []string
	for _, w := range strings.Fields(`
		append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx psetex set setex
		setnx setrange strlen substr bitcount bitfield bitfield_ro bitop bitpos getbit setbit copy del exists expire
		expireat expiretime keys move persist pexpire pexpireat pexpiretime pttl randomkey rename renamenx scan touch ttl
		type unlink auth echo hello ping quit reset select dbsize flushall flushdb info swapdb time object|encoding
		object|freq object|refcount object|idletime client|id client|info client|list client|kill client|getname
		client|setname client|reply client|no-evict config|get config|set config|rewrite config|resetstat command|count
		command|info command|docs command|list command|getkeys memory|usage nosuch GET Client|ID`) {
		out = append(out, w)
	}
	return out
}()
