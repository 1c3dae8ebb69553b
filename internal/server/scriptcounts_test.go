package server

import (
	"regexp"
	"strings"
	"testing"
)

// TestScriptsThatBeginAgainCountOnce: a script that has left its first run, because it reached further than it said, ran long, made
// a call for workers or was denied one, counts once, and so do its calls and what they found.
func TestScriptsThatBeginAgainCountOnce(t *testing.T) {
	const reads = "redis.call('get',KEYS[1]) redis.call('strlen',KEYS[1]) "
	for name, try := range map[string]struct {
		text, first, then, user string
		want                    string // calls of eval, get, strlen and what else is named; hits
	}{
		"denied":                        {reads + "return redis.pcall('set',KEYS[1],2)", "", "", "narrow", "eval=1 get=1 strlen=1 set=0 hits=2 errors=1"},
		"denied with others":            {reads + "redis.pcall('set',KEYS[1],2) return #redis.call('hgetall',KEYS[1]..ARGV[1])", "h", "h", "narrow", "eval=1 get=1 strlen=1 set=0 hits=3 errors=1"},
		"for workers":                   {reads + "return #redis.call('smembers',KEYS[2])", "small", "big", "default", "eval=1 get=1 strlen=1 smembers=1 hits=3 errors=0"},
		"beyond its keys":               {reads + "return #redis.call('smembers',ARGV[1])", "small", "big", "default", "eval=1 get=1 strlen=1 smembers=1 hits=3"},
		"long":                          {reads + "local n=0 for i=1,tonumber(ARGV[1]) do n=n+1 end return n", "1", "10000000", "default", "eval=1 get=1 strlen=1 hits=2"},
		"with an error that it keeps":   {reads + "redis.pcall('lpush',KEYS[1],1) return 1", "", "", "default", "eval=1 get=1 strlen=1 lpush=1 hits=2 errors=1"},
		"with an error that it replies": {reads + "return redis.call('lpush',KEYS[1],1)", "", "", "default", "eval=1 get=1 strlen=1 lpush=1 hits=2 errors=1"},
		"for workers with an error":     {reads + "redis.pcall('llen',KEYS[1]) return #redis.call('smembers',KEYS[2])", "small", "big", "default", "eval=1 get=1 strlen=1 llen=1 smembers=1 hits=4 errors=1 slow=2"},
		"for workers with a wrong call": {reads + "redis.pcall('lpush') return #redis.call('smembers',KEYS[2])", "small", "big", "default", "eval=1 get=1 strlen=1 lpush=0 smembers=1 hits=3 errors=1 rejected=1 slow=2"},
		"beyond with a wrong call":      {reads + "redis.pcall('lpush') return #redis.call('hgetall',KEYS[1]..ARGV[1])", "-", "h", "default", "eval=1 get=1 strlen=1 lpush=0 hgetall=1 hits=3 errors=1 rejected=1"},
		"long with an error":            {"redis.pcall('lpush',KEYS[1],1) local n=0 for i=1,tonumber(ARGV[1]) do n=n+1 end return n", "1", "10000000", "default", "eval=1 lpush=1 errors=1"},
	} {
		s := startServer(t)
		c := dial(t, s)
		c.want("OK", "ACL", "SETUSER", "narrow", "on", "nopass", "~*", "+@all", "-set")
		c.want("OK", "MSET", "a", "1")
		c.want("1", "SADD", "small", "1")
		c.want("1", "HSET", "ah", "f", "v")
		c.want("nil", "EVAL", "for i=1,100000 do redis.call('sadd',KEYS[1],'m'..i) end", "1", "big")
		call := func(last string) {
			args := []string{"EVAL", try.text, "1", "a", last}
			if strings.Contains(try.text, "KEYS[2]") {
				args[2] = "2"
			}
			c.do(args...)
		}
		for range 3 {
			if try.first != "-" { // else it is not known
				call(try.first)
			}
		}
		c.want("OK", "CONFIG", "RESETSTAT")
		c.want("OK", "AUTH", try.user, "")
		call(try.then)
		c.want("OK", "AUTH", "default", "")
		stats := c.do("INFO", "commandstats", "stats")
		got := ""
		for _, word := range strings.Fields(try.want) {
			key, _, _ := strings.Cut(word, "=")
			name := "cmdstat_" + key + ":calls="
			switch key {
			case "hits":
				name = "keyspace_hits:"
			case "errors":
				name = "total_error_replies:"
			case "rejected":
				name = `cmdstat_lpush:.*rejected_calls=`
			case "slow":
				name = "slow_lane_commands:"
			}
			n := "0"
			if m := regexp.MustCompile(name + `(\d+)`).FindStringSubmatch(stats); m != nil {
				n = m[1]
			}
			got += key + "=" + n + " "
		}
		if strings.TrimSpace(got) != try.want {
			t.Errorf("%s: %s, want %s", name, got, try.want)
		}
	}
}
