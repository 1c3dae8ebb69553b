package compat

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// configExtremes are given to every option that has a number.
var configExtremes = []string{
	"9223372036854775807", "9223372036854775806", "-9223372036854775808", "4611686018427387904", "9223372036854775",
	"4294967296", "4294967295", "2147483648", "2147483647", "-2147483648", "86400", "65536", "32768", "32767", "-1", "0",
}

// notExtreme are options that take the servers, or the test's connections, away, or that
// only one of the two obeys so far; by why.
var notExtreme = map[string]string{
	"port": "moves the server", "maxclients": "depends on the limit of open files", "watchdog-period": "raises signals in the oracle",
	"maxmemory-clients": "closes the test's connections", "min-replicas-to-write": "there are no replicas yet",
	"min-slaves-to-write": "there are no replicas yet",
}

// TestConfigExtremes sets every numeric option that both servers have to extremes, one at a
// time: both reply the same, and whatever was accepted, new connections are served, values
// of all types are written and read. The subject survives announcements of bulks that no
// memory holds, which end the oracle.
func TestConfigExtremes(t *testing.T) {
	p := startPair(t)
	if err := p.both(func(s *Side) error { return s.Reset() }); err != nil {
		t.Fatal(err)
	}
	all, err := p.Oracle.ctl.Do("CONFIG", "GET", "*")
	if err != nil {
		t.Fatal(err)
	}
	texts, accepted := all.Texts(), 0
	for i := 0; i < len(texts); i += 2 {
		name, usual := texts[i], texts[i+1]
		if _, err := strconv.ParseInt(usual, 10, 64); err != nil || notExtreme[name] != "" || strings.HasPrefix(name, "tls-") {
			continue
		}
		if v, err := p.Subject.ctl.Do("CONFIG", "GET", name); err != nil || len(v.Elems) == 0 {
			continue
		}
		for _, value := range configExtremes {
			if p.setsSame(t, name, value) {
				accepted++
				if name == "proto-max-bulk-len" {
					p.announceHuge(t, name+" "+value)
				}
				p.worksSame(t, name+" "+value)
			}
			if t.Failed() && !p.Subject.Server.Alive() {
				t.Fatalf("the server ended after CONFIG SET %s %s\n%s", name, value, p.Subject.Server.Output())
			}
		}
		if err := p.both(func(s *Side) error { _, err := s.ctl.Do("CONFIG", "SET", name, usual); return err }); err != nil {
			t.Fatal(name, err)
		}
	}
	if accepted < 200 {
		t.Errorf("only %d settings were accepted", accepted)
	}
}

// setsSame sets an option on both sides and tells whether both have taken it.
func (p *Pair) setsSame(t *testing.T, name, value string) bool {
	var got [2]rawclient.Value
	err := p.both(func(s *Side) (err error) {
		got[p.index(s)], err = s.ctl.Do("CONFIG", "SET", name, value)
		return err
	})
	if err != nil {
		t.Errorf("CONFIG SET %s %s: %v", name, value, err)
		return false
	}
	if !got[0].Equal(got[1]) {
		t.Errorf("CONFIG SET %s %s: oracle %s, subject %s", name, value, got[0], got[1])
	}
	return !got[0].IsError() && !got[1].IsError()
}

// probeCalls write and read a value of each type.
var probeCalls = [][]string{
	{"PING"}, {"DEL", "s", "l", "h", "e", "z", "x"}, {"SET", "s", "v", "EX", "1000"}, {"APPEND", "s", strings.Repeat("v", 1000)}, {"STRLEN", "s"},
	{"RPUSH", "l", "a", "b", "c"}, {"LRANGE", "l", "0", "-1"}, {"HSET", "h", "f", "v"}, {"HGETALL", "h"}, {"SADD", "e", "1"}, {"SMEMBERS", "e"},
	{"ZADD", "z", "1", "m"}, {"ZRANGE", "z", "0", "-1"}, {"XADD", "x", "1-1", "f", "v"}, {"XLEN", "x"}, {"SETRANGE", "s", "70000", "v"}, {"GET", "nosuch"},
}

// announceHuge announces bulks that no memory holds; the subject has to go on.
func (p *Pair) announceHuge(t *testing.T, setting string) {
	for _, n := range []string{"9223372036854775806", "9223372036854775807", "4611686018427387904", "9223372036854775808"} {
		c, err := p.Subject.Server.Dial()
		if err != nil {
			t.Fatalf("with %s: %v", setting, err)
		}
		err = c.Write([]byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + n + "\r\nsome of it"))
		if v, pingErr := p.Subject.ctl.Do("PING"); err != nil || pingErr != nil || v.Str != "PONG" {
			t.Errorf("with %s, after $%s: %v, %v, %v", setting, n, err, v, pingErr)
		}
		_ = c.Close()
	}
}

// worksSame runs probeCalls on fresh connections of both sides.
func (p *Pair) worksSame(t *testing.T, setting string) {
	var got [2][]string
	err := p.both(func(s *Side) error {
		c, err := s.Server.Dial()
		if err != nil {
			return err
		}
		defer c.Close()
		for _, args := range probeCalls {
			c.Queue(args...)
		}
		replies, err := c.Exchange(len(probeCalls))
		for _, v := range replies {
			got[p.index(s)] = append(got[p.index(s)], v.String())
		}
		return err
	})
	if err != nil {
		t.Errorf("with %s: %v", setting, err)
	}
	if !slices.Equal(got[0], got[1]) {
		t.Errorf("with %s: oracle %q, subject %q", setting, got[0], got[1])
	}
}
