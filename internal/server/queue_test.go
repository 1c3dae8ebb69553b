package server

import (
	"io"
	"strings"
	"testing"

	"github.com/kringdb/kring/resp"
)

// TestQueueIsInput holds that what is queued counts against client-query-buffer-limit, and that it is seen.
func TestQueueIsInput(t *testing.T) {
	s := startServer(t, "client-query-buffer-limit", "1mb")
	p, c := dial(t, s), dial(t, s)
	id := c.do("CLIENT", "ID")
	c.want("OK", "MULTI")
	value := strings.Repeat("x", 1000)
	for range 500 {
		c.want("QUEUED", "SET", "k", value)
	}
	if got := p.do("CLIENT", "LIST", "ID", id); !strings.Contains(got, "multi-mem=502000 ") {
		t.Error(got)
	}
	c.want("[OK "+strings.TrimSuffix(strings.Repeat("OK ", 499), " ")+"]", "EXEC")
	c.want("OK", "MULTI")
	go func() {
		for range 2000 {
			if _, err := io.WriteString(c, encode("SET", "k", value)); err != nil {
				return // it is closed, as it should be
			}
		}
	}()
	queued := 0
	for ; queued < 2000; queued++ {
		if v, err := resp.ReadReply(c.r); err != nil || string(v.Str) != "QUEUED" {
			break
		}
	}
	if queued == 2000 {
		t.Error("the queue has no bound")
	}
	if got := p.do("INFO", "stats"); !strings.Contains(got, "client_query_buffer_limit_disconnections:1") {
		t.Error(got)
	}
}
