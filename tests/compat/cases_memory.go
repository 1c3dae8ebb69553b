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
