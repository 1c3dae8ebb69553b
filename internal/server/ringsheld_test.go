package server

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/netio"
)

// TestClosedClientsHoldNothing closes connections while a worker has a call of theirs, by that call, and with the server: the
// buffers of all of them come back, or they would be counted as needed for as long as the process lives.
func TestClosedClientsHoldNothing(t *testing.T) {
	for _, model := range []string{"reactor", "goroutine"} {
		t.Run(model, func(t *testing.T) {
			before := netio.BytesHeld()
			s, end := runServer(t, "io-model", model)
			c, d := dial(t, s), dial(t, s)
			id := d.do("CLIENT", "ID")
			d.send(encode("DEBUG", "SLEEP", "3000") + strings.Repeat(encode("PING"), 3000))
			until(t, "the call runs", func() bool { return s.Slow.Running() == 1 })
			c.want("1", "CLIENT", "KILL", "ID", id)
			d.closed()
			back := func() bool { return netio.BytesHeld() <= before }
			until(t, "what the killed client had sent is let go of", back)

			d = dial(t, s)
			id = d.do("CLIENT", "ID")
			d.send(encode("MULTI") + encode("DEBUG", "SLEEP", "0") + encode("CLIENT", "KILL", "ID", id, "SKIPME", "no") + encode("EXEC"))
			d.closed()
			until(t, "what a client had that killed itself is let go of", back)

			d = dial(t, s)
			d.send(encode("DEBUG", "SLEEP", "3000") + strings.Repeat(encode("PING"), 3000))
			until(t, "the call runs", func() bool { return s.Slow.Running() == 1 })
			end()
			until(t, "what the server's clients had is let go of", back)
		})
	}
}
