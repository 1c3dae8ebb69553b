package compat

var listCases = []Case{
	{"push and pop", `
		LPUSH l a b c
		LRANGE l 0 -1
		RPUSH l d e
		LRANGE l 0 -1
		LLEN l
		LPOP l
		RPOP l
		LPOP l 2
		LPOP l 10
		EXISTS l
		LPOP l
		RPOP l
		LPOP l 0
		LPOP l 1
		LPUSH l
		LPUSH
		RPUSH l 1 2 3
		LPOP l 0
		LPOP l -1
		LPOP l abc
		LPOP l 9223372036854775808
		LPOP l 1 2
		RPOP l 2
		RPOP l x y
		TYPE l
		LPUSHX l 0 00
		RPUSHX l 9
		LRANGE l 0 -1
		LPUSHX no 1
		RPUSHX no 1 2
		LPUSHX no
		EXISTS no
		LLEN no
		LLEN`},
	{"wrong types", `
		SET s v
		LPUSH s a
		RPUSH s a
		LPUSHX s a
		RPUSHX s a
		LPOP s
		LPOP s 1
		LPOP s -1
		LLEN s
		LINDEX s 0
		LINDEX s abc
		LRANGE s 0 1
		LRANGE s a 1
		LSET s 0 v
		LSET s a v
		LINSERT s BEFORE a b
		LINSERT s NEAR a b
		LREM s 0 a
		LREM s x a
		LTRIM s 0 1
		LTRIM s 0 x
		LPOS s a
		LPOS s a RANK 0
		LMOVE s l LEFT LEFT
		LMOVE l s LEFT LEFT
		RPUSH l a
		LMOVE l s LEFT LEFT
		LMOVE s s LEFT LEFT
		RPOPLPUSH s l
		RPOPLPUSH l s
		LMPOP 1 s LEFT
		LMPOP 2 no s LEFT
		LMPOP 2 l s LEFT
		BLPOP s 0.01
		BLPOP no s 0.01
		BLMOVE s l LEFT LEFT 0.01
		BRPOPLPUSH s l 0.01
		BLMPOP 0.01 1 s LEFT
		GET s`},
	{"indexes and ranges", `
		RPUSH l a b c d e f g h
		LINDEX l 0
		LINDEX l 7
		LINDEX l 8
		LINDEX l -1
		LINDEX l -8
		LINDEX l -9
		LINDEX l 9223372036854775807
		LINDEX l -9223372036854775808
		LINDEX l 1.5
		LINDEX no 0
		LINDEX no abc
		LRANGE l 0 0
		LRANGE l 2 4
		LRANGE l 4 2
		LRANGE l -3 -2
		LRANGE l -100 100
		LRANGE l 8 10
		LRANGE l 7 100
		LRANGE l -1 -1
		LRANGE l 0 -9
		LRANGE l -9223372036854775808 9223372036854775807
		LRANGE l 38 -9223372036854775808
		LRANGE l 9223372036854775807 9223372036854775807
		LRANGE l a b
		LRANGE l 0 b
		LRANGE no 0 -1
		LRANGE no 0 b
		LSET l 0 A
		LSET l -1 H
		LSET l 8 x
		LSET l -9 x
		LSET l abc x
		LSET no 0 x
		LSET no abc x
		LSET l 3 12345
		LSET l 3 ""
		LRANGE l 0 -1`},
	{"linsert", `
		RPUSH l a b c b
		LINSERT l BEFORE b x
		LINSERT l after b y
		LINSERT l AFTER b z
		LINSERT l BEFORE nosuch x
		LINSERT l NEAR b x
		LINSERT no BEFORE a x
		LINSERT no NEAR a x
		LINSERT l BEFORE a first
		LINSERT l AFTER nosuch x
		LRANGE l 0 -1
		RPUSH n 1 2 3
		LINSERT n BEFORE 2 " 2"
		LINSERT n BEFORE 02 x
		LINSERT n AFTER 3 4
		LRANGE n 0 -1
		LINSERT n BEFORE 2`},
	{"lrem", `
		RPUSH l a b a c a d a
		LREM l 2 a
		LRANGE l 0 -1
		RPUSH l a a b
		LREM l -2 a
		LRANGE l 0 -1
		LREM l 0 a
		LRANGE l 0 -1
		LREM l 0 nosuch
		LREM l 1 b
		LREM no 0 a
		LREM l abc a
		LREM no abc a
		LREM l 9223372036854775807 c
		LREM l -9223372036854775808 nosuch
		LREM l -9223372036854775807 d
		LRANGE l 0 -1
		LREM l 0 b
		EXISTS l
		RPUSH n 1 2 1 3 1
		LREM n 2 1
		LREM n 0 01
		LREM n -1 1
		LRANGE n 0 -1`},
	{"ltrim", `
		RPUSH l 1 2 3 4 5 6 7 8 9
		LTRIM l 1 -2
		LRANGE l 0 -1
		LTRIM l 0 100
		LTRIM l -100 5
		LRANGE l 0 -1
		LTRIM l 0 x
		LTRIM no 0 1
		LTRIM no 0 x
		LTRIM l 3 1
		EXISTS l
		RPUSH l 1 2 3
		LTRIM l 100 200
		EXISTS l
		RPUSH l 1 2 3
		LTRIM l -1 -1
		LRANGE l 0 -1
		LTRIM l 0 -5
		EXISTS l`},
	{"lpos", `
		RPUSH l a b c 1 2 3 c c
		LPOS l c
		LPOS l c RANK 2
		LPOS l c RANK -1
		LPOS l c RANK -3
		LPOS l c RANK 4
		LPOS l c RANK 0
		LPOS l c RANK -9223372036854775808
		LPOS l c RANK -9223372036854775807
		LPOS l c RANK 9223372036854775807
		LPOS l c RANK abc
		LPOS l c COUNT 0
		LPOS l c COUNT 2
		LPOS l c COUNT 100
		LPOS l c COUNT -1
		LPOS l c COUNT abc
		LPOS l c COUNT 0 RANK 2
		LPOS l c COUNT 0 RANK -2
		LPOS l c COUNT 1 RANK -1
		LPOS l c COUNT 0 MAXLEN 3
		LPOS l c COUNT 0 MAXLEN 2
		LPOS l c COUNT 0 MAXLEN 2 RANK -1
		LPOS l c MAXLEN 2
		LPOS l c MAXLEN 0
		LPOS l c MAXLEN -1
		LPOS l c MAXLEN abc
		LPOS l c RANK
		LPOS l c RANK 1 COUNT
		LPOS l c bogus 1
		LPOS l c rank 1 rank 2
		LPOS l nosuch
		LPOS l nosuch COUNT 0
		LPOS l nosuch COUNT 1
		LPOS no a
		LPOS no a COUNT 0
		LPOS no a RANK 0
		LPOS l 1
		LPOS l 01
		LPOS l`},
	{"lmove and rpoplpush", `
		RPUSH a 1 2 3
		LMOVE a b LEFT RIGHT
		LMOVE a b LEFT LEFT
		LMOVE a b right left
		EXISTS a
		LRANGE b 0 -1
		LMOVE a b LEFT LEFT
		LMOVE b b LEFT RIGHT
		LRANGE b 0 -1
		LMOVE b b LEFT LEFT
		LMOVE b b RIGHT RIGHT
		LMOVE b b RIGHT LEFT
		LRANGE b 0 -1
		LMOVE a b UP LEFT
		LMOVE a b LEFT DOWN
		LMOVE a b LEFT
		RPUSH one x
		LMOVE one one LEFT RIGHT
		RPOPLPUSH one one
		RPOPLPUSH one two
		RPOPLPUSH one two
		EXISTS one
		LRANGE two 0 -1
		RPOPLPUSH b two
		LRANGE two 0 -1
		RPOPLPUSH b
		EXPIRE two 100000
		RPOPLPUSH two two
		TTL two`},
	{"lmpop", `
		RPUSH a 1 2 3 4
		RPUSH b x y
		LMPOP 2 no a LEFT
		LMPOP 2 a b RIGHT COUNT 2
		LMPOP 1 a left count 10
		LMPOP 2 a b LEFT COUNT 1
		LMPOP 2 no a LEFT
		LMPOP 1 b LEFT COUNT 0
		LMPOP 1 b LEFT COUNT -1
		LMPOP 1 b LEFT COUNT abc
		LMPOP 1 b LEFT COUNT
		LMPOP 1 b LEFT COUNT 1 COUNT 1
		LMPOP 1 b LEFT COUNT 1 x
		LMPOP 1 b LEFT x
		LMPOP 1 b UP
		LMPOP 1 b
		LMPOP 0 b LEFT
		LMPOP -1 b LEFT
		LMPOP abc b LEFT
		LMPOP 3 b LEFT
		LMPOP 2 b LEFT
		LMPOP 9223372036854775807 b LEFT
		LMPOP
		LMPOP 1 b RIGHT`},
	{"blocking commands that need not wait", `
		RPUSH a 1 2 3 4 5 6 7 8
		BLPOP a 0
		BRPOP no a 0
		BLPOP no a 1.5
		BLMOVE a b LEFT RIGHT 0
		BRPOPLPUSH a b 0
		BLMPOP 0 2 no a LEFT COUNT 2
		BLMPOP 0 1 a RIGHT
		LRANGE a 0 -1
		LRANGE b 0 -1
		BLPOP no 0.01
		BRPOP no no2 0.01
		BLMOVE no b LEFT LEFT 0.01
		BRPOPLPUSH no b 0.01
		BLMPOP 0.01 2 no no2 LEFT
		BLPOP a -1
		BLPOP a abc
		BLPOP a inf
		BLPOP a 1e400
		BLPOP a -1e400
		BLPOP a 9223372036854775807
		BLPOP a ""
		BLPOP a
		BLMOVE a b UP LEFT 0
		BLMOVE a b LEFT UP 0
		BLMOVE a b LEFT LEFT abc
		BLMOVE a b LEFT LEFT
		BRPOPLPUSH a b -1
		BLMPOP abc 1 b LEFT
		BLMPOP abc 0 b LEFT
		BLMPOP 0.01 0 b LEFT
		BLMPOP 0.01 1 b UP
		BLMPOP -1 1 b UP
		BLMPOP 0.01 1 b LEFT COUNT 0
		BLMPOP 0.01 1 b LEFT COUNT 2
		LRANGE b 0 -1`},
	{"numbers and strings of all sizes", `
		RPUSH l 0 127 128 -1 4095 4096 -4096 -4097 32767 32768 -32768 -32769 8388607 8388608 -8388608 -8388609
		RPUSH l 2147483647 2147483648 -2147483648 -2147483649 9223372036854775807 -9223372036854775808 9223372036854775808
		RPUSH l 007 -0 +1 " 1" "1 " 1.0 "" {63*a} {64*b} {4095*c} {4096*d} {70000*e}
		LRANGE l 0 -1
		LPUSH r 0 127 128 -1 4095 4096 -4096 -4097 {70000*e} {64*b} {63*a} ""
		LRANGE r 0 -1
		LPOS l 128
		LPOS l {64*b}
		LPOS l {70000*e}
		LINSERT l AFTER {70000*e} after
		LREM l 0 {4096*d}
		LSET l 0 {100000*x}
		LSET l 0 y
		LSET l 5 {5000*z}
		LRANGE l 0 -1
		COPY l m
		LRANGE m 0 -1
		RENAME m n
		LRANGE n 0 -1
		LPOP n 20
		RPOP n 10
		LRANGE n 0 -1
		DEL l m n r`},
	{"a list of many nodes", `
		RPUSH l {3000*a} {3000*b} {3000*c} {3000*d} {3000*e} {3000*f} {3000*g} {3000*h} {9000*i} {3000*j} {3000*k} {20*l}
		LPUSH l {3000*A} {3000*B} {3000*C} {3000*D} {3000*E} {3000*F} {3000*G} {3000*H} {9000*I} {3000*J} {3000*K} {20*L}
		LRANGE l 0 -1
		LINSERT l BEFORE {3000*e} {9000*x}
		LINSERT l AFTER {3000*e} {2000*y}
		LINSERT l BEFORE {3000*A} z
		LSET l 7 {10000*q}
		LSET l -7 q
		LINDEX l 11
		LPOS l {3000*k} RANK -1
		LRANGE l 3 12
		LTRIM l 2 -3
		LRANGE l 0 -1
		LREM l 1 {9000*i}
		RPOPLPUSH l l
		LMOVE l l LEFT RIGHT
		LMOVE l m LEFT RIGHT
		LRANGE l 0 -1
		LPOP l 9
		RPOP l 7
		LRANGE l 0 -1
		OBJECT ENCODING l`},
	{"deadlines stay with a list that moves", `
		RPUSH l a
		EXPIRE l 100000
		RPUSH l {9000*b}
		TTL l
		LPOP l
		LSET l 0 c
		TTL l
		LPUSH l {100*d} {100*e} {100*f}
		TTL l
		LREM l 0 c
		TTL l`},
	{"command tables of lists", `
		COMMAND INFO lpush rpush lpushx rpushx lpop rpop llen lindex lset linsert lrange lrem ltrim lpos lmove rpoplpush lmpop
		COMMAND INFO blpop brpop blmove brpoplpush blmpop
		COMMAND DOCS lpush lpop lrange linsert lpos lmove lmpop blpop blmove brpoplpush blmpop rpoplpush
		COMMAND GETKEYS BLPOP a b 0
		COMMAND GETKEYS LMPOP 2 a b LEFT
		COMMAND GETKEYS BLMPOP 0 2 a b LEFT
		COMMAND GETKEYS LMOVE a b LEFT LEFT`},
}
