package robust

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// dumpTrailer is the version and the checksum at the end of a payload.
const dumpTrailer = 2 + 8

var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// sealed returns a payload with the checksum that it should have: without the inversions
// that package crc64 makes.
func sealed(p []byte) []byte {
	return binary.LittleEndian.AppendUint64(p, ^crc64.Update(^uint64(0), jones, p))
}

// damaged changes the value in a payload at some places, and its checksum accordingly.
func damaged(g *rand.Rand, payload string) []byte {
	end := len(payload) - dumpTrailer
	p := []byte(payload[:end])
	for range 1 + g.IntN(3) {
		at := g.IntN(len(p))
		switch g.IntN(4) {
		case 0:
			p[at] = byte(g.Uint32())
		case 1:
			p[at] ^= 1 << g.IntN(8)
		case 2:
			p = p[:at+1]
		case 3:
			p = append(p[:at:at], bytes.Clone(p[g.IntN(len(p)):])...)
		}
	}
	return sealed(append(p, payload[end:end+2]...))
}

// payloads are values of all types and encodings, as the server dumps them.
func payloads(t *testing.T, c *rawclient.Client) (all []string) {
	t.Helper()
	for _, compress := range []string{"yes", "no"} {
		must(t, c, "CONFIG SET rdbcompression "+compress, "+OK")
		for i, line := range []string{
			"SET KEY 12345", "SET KEY " + strings.Repeat("abc", 100), "SET KEY 1.5", "RPUSH KEY a 1 b -70000 " + strings.Repeat("x", 70),
			"SADD KEY 1 2 3 70000", "SADD KEY a b 3", "SADD KEY a " + strings.Repeat("y", 70), "ZADD KEY 1 a 2.5 b inf c", "ZADD KEY 1 a 2 " + strings.Repeat("z", 70),
			"HSET KEY f v g 12 h x", "HSET KEY f " + strings.Repeat("w", 70), "XADD KEY 5-1 f v g w",
		} {
			key := fmt.Sprintf("from:%s:%d", compress, i)
			must(t, c, strings.Replace(line, "KEY", key, 1), "")
			switch i {
			case 9, 10:
				all = append(all, must(t, c, "DUMP "+key, "").Str)
				must(t, c, "HPEXPIRE "+key+" 100000000 FIELDS 1 f", "*1[:1]")
			case 11:
				must(t, c, "XADD "+key+" 6-0 f v g w", "")
				must(t, c, "XADD "+key+" 7-0 other v", "")
				must(t, c, "XGROUP CREATE "+key+" group 0", "+OK")
				must(t, c, "XREADGROUP GROUP group consumer COUNT 2 STREAMS "+key+" >", "")
			}
			all = append(all, must(t, c, "DUMP "+key, "").Str)
		}
	}
	return all
}

// readers reads all of a value of each type, in a way that visits what it is made of.
var readers = map[string][]string{
	"string": {"GET K", "STRLEN K"}, "list": {"LRANGE K 0 -1", "LINDEX K -1", "LPOS K a"}, "set": {"SMEMBERS K", "SRANDMEMBER K -3", "SISMEMBER K a"},
	"zset": {"ZRANGE K 0 -1 WITHSCORES", "ZRANGEBYSCORE K -inf inf", "ZRANK K a"}, "hash": {"HGETALL K", "HRANDFIELD K", "HPTTL K FIELDS 1 f"},
	"stream": {"XRANGE K - +", "XREVRANGE K + -", "XINFO STREAM K FULL"},
}

// readRestored reads the value, copies it and deletes it: nothing of that is an error
// if it is done as to its type.
func readRestored(t *testing.T, c *rawclient.Client, payload []byte) {
	t.Helper()
	kind := must(t, c, "TYPE K", "").Str
	if kind == "none" {
		return // its deadline has passed
	}
	lines := append([]string{"OBJECT ENCODING K", "MEMORY USAGE K SAMPLES 0", "DUMP K", "COPY K COPY REPLACE"}, readers[kind]...)
	for _, line := range lines {
		if v, err := c.DoLine(line); err != nil || v.IsError() {
			t.Fatalf("%s of %q, a %s: %v %v", line, payload, kind, v, err)
		}
	}
	must(t, c, "DEL K COPY", "") // two, unless they have expired
}

// TestDamagedPayloadsRestored: whatever RESTORE is given, with the right checksum, becomes
// an error or a value that can be read, copied and dumped. RESTORE_DAMAGES asks for more than
// make test has time for, new ones in every run.
func TestDamagedPayloadsRestored(t *testing.T) {
	n, seed := 3000, uint64(1)
	if s := os.Getenv("RESTORE_DAMAGES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
		seed = rand.Uint64()
		t.Logf("seed %d", seed)
	}
	s := start(t)
	onlyKring(t, s)
	c := s.Connect(t)
	all := payloads(t, c)
	g := rand.New(rand.NewPCG(seed, 3))
	taken, read, refused := 0, 0, 0
	const batch = 64
	for done := 0; done < n; done += batch {
		sent := make([][]byte, batch)
		for i := range sent {
			sent[i] = damaged(g, all[g.IntN(len(all))])
			c.Queue("RESTORE", "K", "0", string(sent[i]), "REPLACE")
			c.Queue("EXISTS", "K")
		}
		got, err := c.Exchange(2 * batch)
		if err != nil {
			t.Fatalf("one of %q: %v\n%s", sent, err, s.Output())
		}
		for i, p := range sent {
			switch text := got[2*i].String(); text {
			case "+OK":
			case "-ERR Bad data format", "-ERR DUMP payload version or checksum are wrong":
				refused++
				continue
			default:
				t.Fatalf("%q: %s", p, text)
			}
			taken++
			if taken%8 == 0 {
				must(t, c, "DEL K", "")
				c.Queue("RESTORE", "K", "0", string(p), "REPLACE")
				if v, err := c.Exchange(1); err != nil || v[0].String() != "+OK" {
					t.Fatalf("%q, taken a moment ago: %v %v", p, v, err)
				}
				readRestored(t, c, p)
				read++
			}
		}
	}
	t.Logf("of %d damaged payloads %d were refused and %d taken, of which %d were read, copied and dumped", refused+taken, refused, taken, read)
	if all := refused + taken; all < n || taken < all/20 || taken > all*9/10 {
		t.Errorf("%d of %d damaged payloads were taken, %d were to be: they are not what they should be", taken, all, n)
	}
}
