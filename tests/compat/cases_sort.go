package compat

var sortCases = []Case{
	{"sort: numbers and texts", `
		RPUSH l 3 1 2 10 -1 1.5 0x10 1e1 -inf inf 007
		SORT l
		SORT l DESC
		SORT l ASC
		SORT l ALPHA
		SORT l ALPHA DESC
		SORT l DESC ASC
		SORT l LIMIT 0 3
		SORT l LIMIT 2 2
		SORT l LIMIT 2 -1
		SORT l LIMIT -5 3
		SORT l LIMIT 3 0
		SORT l LIMIT 100 10
		SORT l LIMIT 0 100
		SORT l LIMIT 0 -100
		SORT l LIMIT 9223372036854775807 9223372036854775807
		SORT l LIMIT -9223372036854775808 9223372036854775807
		SORT l LIMIT 1 9223372036854775807 DESC
		SORT l limit 1 2 desc alpha
		SORT_RO l
		SORT_RO l DESC LIMIT 0 2
		RPUSH t a b
		SORT t
		SORT t ALPHA
		RPUSH u "" " 5" "6 "
		SORT u
		RPUSH v "" " 5" "6\x00x"
		SORT v
		SORT v ALPHA
		RPUSH w nan
		SORT w
		SORT no
		SORT_RO no
		SORT no STORE no2
		SORT l STORE`},
	{"sort: syntax and types", `
		SET s v
		SORT s
		SORT_RO s
		SORT s bogus
		HSET h f v
		SORT h
		RPUSH l 1 2
		SORT l bogus
		SORT l LIMIT 1
		SORT l LIMIT a 1
		SORT l LIMIT 1 b
		SORT l LIMIT 1 b bogus
		SORT l bogus LIMIT 1 b
		SORT l BY
		SORT l GET
		SORT l ASC ALPHA x
		SORT_RO l STORE d
		SORT_RO l STORE
		SORT
		SORT_RO
		SORT l STORE d STORE e
		EXISTS d
		LRANGE e 0 -1
		SORT s STORE d
		SORT l GET store STORE d
		SORT l BY store STORE d
		LRANGE d 0 -1`},
	{"sort: weights of other keys", `
		RPUSH l 1 2 3 4
		MSET w1 30 w2 20 w3 10 w4 40 o1 one o2 two o3 three
		SORT l BY w*
		SORT l BY w* DESC
		SORT l BY w* GET o*
		SORT l BY w* GET # GET o*
		SORT l BY w* GET o* GET w* GET #
		SORT l BY w* LIMIT 1 2
		SORT l BY w* DESC LIMIT 1 2 GET #
		SORT l BY o* ALPHA
		SORT l BY o* ALPHA DESC
		SORT l BY o*
		SORT l BY nosort
		SORT l BY nosort DESC
		SORT l BY nosort LIMIT 1 2
		SORT l BY nosort DESC LIMIT 1 2
		SORT l BY nosort LIMIT 10 2
		SORT l BY nosort LIMIT 0 0
		SORT l BY nosort GET o*
		SORT l BY # DESC
		SORT l BY missing*
		SORT l BY missing* DESC
		SORT l GET missing*
		SORT l GET const
		SORT l GET ""
		SORT l GET *
		SORT_RO l BY w* GET o*
		SORT l BY w* BY o* ALPHA
		HSET h1 weight 9 name a
		HSET h2 weight 8 name b
		HSET h3 weight 7
		SORT l BY h*->weight
		SORT l BY h*->weight GET h*->name
		SORT l BY h*->name ALPHA LIMIT 2 2
		SORT l BY h*->nosuch
		SORT l GET h*->
		SORT l GET h*
		SORT l GET w*->f
		SORT l BY h->*weight
		SET "y1->" a
		SORT l GET y*->
		SET z1z a
		SORT l GET z*z
		SET "**1" no
		SET 1* star
		SORT l GET **
		DEL w1
		SORT l BY w*
		LPUSH w1 a
		SORT l BY w*
		SORT l GET w*`},
	{"sort: sets and sorted sets", `
		SADD s 3 1 2 10
		SORT s
		SORT s DESC
		SORT s ALPHA
		SORT s LIMIT 1 2
		SADD t c b a
		SORT t ALPHA
		SORT t
		SORT t BY nosort STORE d
		LRANGE d 0 -1
		SORT t BY nosort DESC STORE d
		LRANGE d 0 -1
		SORT s BY nosort STORE d
		LRANGE d 0 -1
		ZADD z 3 a 1 b 2 c 10 d
		SORT z ALPHA
		SORT z ALPHA DESC
		SORT z
		SORT z BY nosort
		SORT z BY nosort DESC
		SORT z BY nosort LIMIT 1 2
		SORT z BY nosort DESC LIMIT 1 2
		SORT z BY nosort DESC LIMIT 0 100
		SORT z BY nosort LIMIT 4 1
		SORT z BY nosort STORE d
		LRANGE d 0 -1
		TYPE z
		ZRANGE z 0 -1 WITHSCORES`},
	{"sort: store", `
		RPUSH l 3 1 2
		SORT l STORE d
		LRANGE d 0 -1
		TYPE d
		SET d x EX 100000
		SORT l DESC STORE d
		TTL d
		LRANGE d 0 -1
		SORT l STORE l
		LRANGE l 0 -1
		SORT no STORE l
		EXISTS l
		SORT no STORE l
		RPUSH l 1 2
		MSET o1 one
		SORT l GET # GET o* GET const STORE d
		LRANGE d 0 -1
		SORT l LIMIT 5 5 STORE d
		EXISTS d
		RPUSH l abc
		SORT l STORE d
		EXISTS d
		SADD h 1 2
		SORT l ALPHA DESC STORE h
		LRANGE h 0 -1`},
	{"sort: command tables", `
		COMMAND INFO sort sort_ro
		COMMAND DOCS sort sort_ro
		COMMAND GETKEYS SORT a
		COMMAND GETKEYS SORT a STORE b
		COMMAND GETKEYS SORT a BY store GET # STORE b STORE c
		COMMAND GETKEYS SORT a LIMIT store store
		COMMAND GETKEYS SORT_RO a BY w* GET o*
		COMMAND GETKEYSANDFLAGS SORT a STORE b`},
}
