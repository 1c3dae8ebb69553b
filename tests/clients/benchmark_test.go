package clients

import (
	"strings"
	"testing"
)

// allTests are all that redis-benchmark can do.
const allTests = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset"

func TestRedisBenchmark(t *testing.T) {
	s := start(t)
	for _, args := range [][]string{
		{"-t", "set,get,incr,mset", "-n", "20000", "-P", "16", "-r", "1000", "-q"},
		{"-t", allTests, "-n", "1000", "-c", "10", "-P", "4", "-q"},
		{"-t", allTests, "-n", "1000", "-c", "10", "-r", "100", "-3", "-q"},
		{"-t", "ping_inline,ping_mbulk,set,get", "-n", "4000", "-c", "20", "-q"},
		{"-t", "set,get", "-n", "20000", "-P", "64", "-d", "2000", "--threads", "2", "-q"},
		{"-n", "5000", "-P", "8", "-r", "100", "-q", "MGET", "key:__rand_int__", "key:__rand_int__"},
	} {
		out, stderr, err := runTool(s, "", toolTimeout, "redis-benchmark", args...)
		if err != nil || strings.Contains(out+stderr, "rror") || strings.Contains(out+stderr, "WARNING") {
			t.Errorf("%v: %v\n%s%s", args, err, out, stderr)
		}
		if !strings.Contains(out, "requests per second") {
			t.Errorf("%v: %q", args, out)
		}
	}
}
