package compat

// memoryGroup has only cases: what depends on how much memory is in use is compared where
// the limit is far below or far above it.
var memoryGroup = Group{
	Name:     "memory",
	Commands: "memory",
	Cases:    memoryCases,
}

var memoryCases = []Case{
	{"above maxmemory", `
		SET a 1
		SET n 5
		RPUSH l x y
		CONFIG SET maxmemory 1
		SET a 2
		GET a
		APPEND a x
		INCR n
		SETRANGE a 0 x
		GETSET a 1
		MSET a 1 b 2
		LPUSH l z
		LPOP l
		HSET h f v
		SADD s m
		ZADD z 1 m
		EXPIRE a 1000
		PERSIST a
		RENAME a b
		COPY b c
		DEL b
		UNLINK n
		GETDEL nosuch
		SETBIT q 1 1
		PFADD p x
		MULTI
		SET a 3
		EXEC
		CONFIG SET maxmemory 0
		SET a 4
		GET a`},
	{"above maxmemory within multi", `
		MULTI
		SET a 1
		CONFIG SET maxmemory 1
		EXEC
		SET a 2
		CONFIG SET maxmemory 0
		GET a`},
	{"what scripts declare, above maxmemory", `
		FUNCTION LOAD "#!lua name=l\nredis.register_function('f',function() return 1 end)\nredis.register_function{function_name='g',callback=function() return 1 end,flags={'no-writes'}}"
		SCRIPT LOAD "#!lua\nreturn 2"
		CONFIG RESETSTAT
		CONFIG SET maxmemory 1
		EVAL "#!lua\nreturn 1" 0
		EVALSHA 5f5d4d4c2b6d3ec7e9b9ec2c0a0c6ed9f1a1b3c4 0
		EVAL "#!lua\nreturn 2" 0
		EVAL "#!lua flags=allow-oom\nreturn 1" 0
		EVAL "#!lua flags=allow-oom\nreturn redis.call('set','a',1)" 0
		EVAL "#!lua flags=no-writes\nreturn 1" 0
		EVAL "#!lua flags=nosuch\nreturn 1" 0
		EVAL "#!lua" 0
		EVAL "return 1" 0
		EVAL_RO "#!lua\nreturn 1" 0
		EVAL_RO "#!lua flags=no-writes\nreturn 1" 0
		FCALL f 0
		FCALL g 0
		FCALL_RO f 0
		FCALL_RO g 0
		FCALL nosuch 0
		MULTI
		EVAL "#!lua\nreturn 1" 0
		EXEC
		INFO commandstats
		INFO errorstats
		CONFIG SET maxmemory 0
		MULTI
		EVAL "#!lua\nreturn 1" 0
		@1 CONFIG SET maxmemory 1
		EXEC
		@1 CONFIG SET maxmemory 0
		MULTI
		EVAL "#!lua flags=no-writes\nreturn 1" 0
		FCALL g 0
		@1 CONFIG SET maxmemory 1
		EXEC
		CONFIG SET maxmemory 0
		CONFIG SET min-replicas-to-write 1
		EVAL "#!lua\nreturn 1" 0
		EVAL "#!lua flags=no-writes\nreturn 1" 0
		EVAL_RO "#!lua\nreturn 1" 0
		EVAL "return 1" 0
		FCALL f 0
		FCALL g 0
		MULTI
		EVAL "#!lua\nreturn 1" 0
		EXEC
		CONFIG SET min-replicas-to-write 0
		FUNCTION FLUSH`},
	{"nothing to evict", `
		SET a 1
		CONFIG SET maxmemory-policy volatile-lru
		CONFIG SET maxmemory 1
		SET b 1
		GET a
		CONFIG SET maxmemory 0
		CONFIG SET maxmemory-policy noeviction
		SET b 1`},
	{"evict everything", `
		MSET a 1 b 2 c 3
		CONFIG SET maxmemory-policy allkeys-lru
		CONFIG SET maxmemory 1
		SET d 1
		EXISTS a b c d
		CONFIG SET maxmemory 0
		CONFIG SET maxmemory-policy noeviction
		SET a 1
		EXISTS a b c d`},
	{"memory", `
		MEMORY
		MEMORY NOSUCH
		MEMORY USAGE
		MEMORY USAGE nosuch
		MEMORY USAGE nosuch SAMPLES
		MEMORY USAGE nosuch SAMPLES 5
		MEMORY USAGE nosuch SAMPLES -1
		MEMORY USAGE nosuch SAMPLES x
		MEMORY USAGE nosuch SAMPLES 5 SAMPLES 6
		MEMORY USAGE nosuch COUNT 5
		MEMORY PURGE
		MEMORY PURGE x
		MEMORY STATS x
		MEMORY DOCTOR x
		MEMORY MALLOC-STATS x`},
}
