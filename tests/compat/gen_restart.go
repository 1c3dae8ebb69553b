package compat

import (
	"strconv"
	"strings"
)

// restartKeys are few, so that the commands of a sequence meet each other's deadlines.
var restartKeys = []string{"a", "b", "c"}

// pastDeadlines are options and points in time that have passed, or do so at once.
var pastDeadlines = [][2]string{{"PXAT", "1"}, {"EXAT", "1"}, {"PX", "1"}, {"PXAT", "1000000000000"}}

// RestartSequence generates a sequence for a server with an AOF that will be restarted:
// what any sequence has, and transactions in which keys die, by deadlines that are past or
// pass while the commands are queued. newer allows what redis-server 7.0 does not know.
func (g *G) RestartSequence(newer bool) []Step {
	var steps []Step
	for want := restartStepsMin + g.N(restartStepsMin); len(steps) < want; {
		switch n := g.N(100); {
		case n < 35:
			steps = append(steps, g.dyingTransaction(newer)...)
		case n < 60:
			steps = append(steps, Step{Args: g.dying(newer)})
		case n < 65:
			steps = append(steps, Step{Op: "pass", Args: []string{strconv.Itoa(passMillis)}})
		case n < 67:
			steps = append(steps, Step{Args: g.library()})
		default:
			if st := (Step{Args: g.Command()}); survives(st) {
				steps = append(steps, st)
			}
		}
	}
	return steps
}

// library loads a library or deletes one, often enough that there is one to delete.
func (g *G) library() []string {
	if g.P(40) {
		return []string{"FUNCTION", "DELETE", g.Pick("a", "b", "c")}
	}
	return []string{"FUNCTION", "LOAD", "REPLACE", g.Pick(libraryWords...)}
}

// survives tells whether a step may stand in a sequence before a restart: not what changes
// the server instead of the data, nor what leaves the connection in another state.
func survives(st Step) bool {
	name, _, _ := strings.Cut(st.Name(), "|")
	switch name {
	case "config", "debug", "shutdown", "bgrewriteaof", "client", "multi", "exec", "quit", "reset", "hello", "acl", "auth", "watch",
		"subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "monitor", "replicaof", "slaveof", "failover":
		return false
	}
	return true
}

// dyingTransaction is a MULTI with commands on keys that die before it, in it, or between
// its commands' queueing and EXEC.
func (g *G) dyingTransaction(newer bool) []Step {
	var steps []Step
	batch := g.P(50)
	add := func(args ...string) {
		steps = append(steps, Step{Args: args, Batch: batch && len(steps) > 0})
	}
	if g.P(30) {
		add("WATCH", g.Pick(restartKeys...))
	}
	add("MULTI")
	for range 1 + g.N(6) {
		add(g.dying(newer)...)
	}
	if g.P(20) {
		steps = append(steps, Step{Op: "pass", Args: []string{strconv.Itoa(passMillis)}})
	}
	if g.P(10) {
		add("DISCARD")
		return steps
	}
	add("EXEC")
	return steps
}

// dying is one command on one of restartKeys: it lets the key die, or would make another
// value of it, or another type, depending on whether it is there.
func (g *G) dying(newer bool) []string {
	k, other := g.Pick(restartKeys...), g.Pick(restartKeys...)
	d := pastDeadlines[g.N(len(pastDeadlines))]
	if newer && g.P(25) {
		return g.dyingField(k)
	}
	switch g.N(34) {
	case 0, 1, 2, 29, 30, 31, 32:
		return []string{"SET", k, g.Pick("5", "v", "1.5"), d[0], d[1]}
	case 3:
		return []string{"GETEX", k, d[0], d[1]}
	case 4:
		return []string{g.Pick("PEXPIREAT", "EXPIREAT"), k, "1"}
	case 5:
		return []string{"EXPIRE", k, "-1"}
	case 6:
		return []string{"PEXPIRE", k, "1"}
	case 7:
		return []string{"GET", k}
	case 8:
		return []string{"PERSIST", k}
	case 9:
		return []string{g.Pick("LPUSH", "RPUSH", "LPUSHX"), k, "x", "y"}
	case 10:
		return []string{g.Pick("INCR", "DECR"), k}
	case 11:
		return []string{"APPEND", k, "tail"}
	case 12:
		return []string{"SETNX", k, "new"}
	case 13:
		return []string{g.Pick("RENAME", "RENAMENX"), k, other}
	case 14:
		return []string{"COPY", k, other, "REPLACE"}[:3+g.N(2)]
	case 15:
		return []string{"SADD", k, "m", "n"}
	case 16:
		return []string{"HSET", k, "f", "1", "g", "2"}
	case 17:
		return []string{"ZADD", k, "1", "m", "2.5", "n"}
	case 18:
		return []string{"XADD", k, "*", "f", "v"}
	case 19:
		return []string{g.Pick("DEL", "UNLINK", "EXISTS", "TYPE"), k}
	case 20:
		return []string{"MSETNX", k, "1", other, "2"}
	case 21:
		return []string{"LMOVE", k, other, "LEFT", "RIGHT"}
	case 22:
		return []string{g.Pick("SINTERSTORE", "SUNIONSTORE"), k, other, k}
	case 23:
		return []string{"ZUNIONSTORE", k, "2", other, k}
	case 24:
		return []string{g.Pick("SPOP", "LPOP", "RPOP", "ZPOPMIN"), k}
	case 25:
		return []string{"SORT", other, "ALPHA", "STORE", k}
	case 26:
		return []string{"SETRANGE", k, "3", "abc"}
	case 27:
		return []string{"HINCRBYFLOAT", k, "f", g.Pick("0.1", "1e10", "-3")}
	case 28:
		return []string{"INCRBYFLOAT", k, g.Pick("0.1", "1e10", "-3")}
	}
	return []string{"GETDEL", k}
}

// dyingField is a command about deadlines of a hash's fields.
func (g *G) dyingField(k string) []string {
	at := g.Pick("1", "1000000000000", "4102444800000")
	switch g.N(6) {
	case 0:
		return []string{"HPEXPIREAT", k, at, "FIELDS", "1", "f"}
	case 1:
		return []string{"HPEXPIRE", k, "1", "FIELDS", "2", "f", "g"}
	case 2:
		return []string{"HSETEX", k, "PXAT", at, "FIELDS", "1", "f", "9"}
	case 3:
		return []string{"HGETEX", k, "PXAT", at, "FIELDS", "1", "g"}
	case 4:
		return []string{"HPERSIST", k, "FIELDS", "1", "f"}
	}
	return []string{"HGETDEL", k, "FIELDS", "1", "f"}
}
