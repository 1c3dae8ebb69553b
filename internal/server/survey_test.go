package server

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHotKeys(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	var calls [][]string
	for i := range 4000 {
		calls = append(calls, []string{"SET", fmt.Sprint("cold", i), "x"}, []string{"GET", "hot"})
	}
	c.pipe(calls)
	until(t, "the hot key is shown", func() bool { return strings.HasPrefix(c.do("HOTKEYS", "COUNT", "1"), "[[key hot db 0 uses ") })
	if got := c.do("HOTKEYS", "x"); got != "ERR syntax error" {
		t.Error(got)
	}
}

func TestBigKeys(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for i := range 2000 {
		c.do("SET", fmt.Sprint("k", i), "x")
	}
	c.do("SET", "big", strings.Repeat("x", 50_000))
	c.do("SELECT", "3")
	for i := range 1000 {
		c.do("HSET", "table", fmt.Sprint("field", i), strings.Repeat("v", 100))
	}
	// A survey that began before the last write ends without it: the next one has it.
	deadline := time.Now().Add(patience)
	for got := ""; !strings.HasPrefix(got, "[[key table db 3 type hash bytes ") || !strings.Contains(got, "] [key big db 0 type string bytes 5"); {
		if time.Now().After(deadline) {
			t.Fatal(got)
		}
		time.Sleep(10 * time.Millisecond)
		got = c.do("BIGKEYS", "COUNT", "2")
	}
}
