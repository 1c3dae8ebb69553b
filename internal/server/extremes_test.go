package server

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/options"
)

// extremes are numbers at which sums, products and signs break.
var extremes = []string{
	"9223372036854775807", "9223372036854775806", "9223372036854775", "4611686018427387904", "4294967296", "2147483648", "2147483647",
	"-9223372036854775808", "-9223372036854775807", "-2147483649", "-1", "0", "1", "18446744073709551615",
}

// TestHugeArguments: neither the option nor a client's announcement, nor both together,
// make a length that ends the process.
func TestHugeArguments(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("OK", "CONFIG", "SET", "proto-max-bulk-len", "9223372036854775807")
	c.want("OK", "CONFIG", "SET", "client-query-buffer-limit", "9223372036854775807")
	for _, n := range []string{"9223372036854775807", "9223372036854775806", "9223372036854775805", "4294967296", "2147483648"} {
		d := dial(t, s)
		d.send("*1\r\n$" + n + "\r\n")
		if got := d.reply(); got != "ERR Protocol error: invalid bulk length" {
			t.Errorf("$%s: %s", n, got)
		}
	}
	const tooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	c.want("OK", "SET", "k", "hello")
	for _, n := range []string{"9223372036854775807", "9223372036854775806", "4611686018427387904", "8589934592"} {
		c.want(tooLong, "SETRANGE", "k", n, "x")
		c.want("ERR bit offset is not an integer or out of range", "SETBIT", "k", n+"0", "1")
		c.want("ERR bit offset is not an integer or out of range", "BITFIELD", "k", "SET", "u8", "#"+n, "1")
		c.want("", "GETRANGE", "k", n, n)
		c.want("hello", "GETRANGE", "k", "-"+n, n)
	}
	c.want("5", "STRLEN", "k")
}

// TestOptionsAtTheirExtremes sets every numeric option to every extreme value that it
// takes, and uses the server.
func TestOptionsAtTheirExtremes(t *testing.T) {
	s := startServer(t, "save", "EMPTY")
	c := dial(t, s)
	leave := map[string]bool{"port": true, "tls-port": true, "cluster-port": true, "maxclients": true, "maxmemory-clients": true, "timeout": true}
	tried := 0
	for _, pair := range s.Opts.Get([][]byte{[]byte("*")}) {
		name, was := pair.Name, pair.Value
		if leave[name] || strings.Trim(was, "0123456789-") != "" || was == "" {
			continue
		}
		before := tried
		for _, v := range extremes {
			if got := c.do("CONFIG", "SET", name, v); got != "OK" {
				continue
			}
			tried++
			d := dial(t, s)
			d.send(encode("SET", "k", v) + encode("GET", "k") + encode("HSET", "h"+v, "f", "1", "g", "x") + encode("SADD", "s"+v, "1", "a") +
				encode("ZADD", "z"+v, "1", "a") + encode("RPUSH", "l"+v, "a", "b") + encode("PFADD", "p"+v, "a") + encode("XADD", "x"+v, "*", "a", "b") +
				encode("SET", "e", "1", "PX", "1") + encode("INFO") + encode("SLOWLOG", "GET") + encode("CLIENT", "LIST") + encode("FLUSHALL"))
			for i := range 13 {
				if got := d.reply(); strings.HasPrefix(got, "ERR") {
					t.Errorf("with %s %s call %d: %s", name, v, i, got)
				}
			}
			d.Close()
		}
		if tried > before {
			c.want("OK", "CONFIG", "SET", name, was)
		}
	}
	for _, v := range extremes {
		c.do("CONFIG", "SET", "client-output-buffer-limit", "normal 0 1 "+v)
		dial(t, s).want("PONG", "PING")
	}
	if tried < 200 {
		t.Errorf("only %d values were taken", tried)
	}
}

// TestSoftSeconds: a soft limit of very many seconds does not end at once.
func TestSoftSeconds(t *testing.T) {
	for _, seconds := range []int64{0, 1, 1 << 53, 9223372036854775807} {
		l := options.OutputLimit{SoftSeconds: seconds}
		if ms := l.SoftMs(); ms < min(seconds, 1<<62) {
			t.Errorf("%d seconds are %d ms", seconds, ms)
		}
	}
}
