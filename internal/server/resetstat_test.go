package server

import (
	"strings"
	"testing"
)

// TestInfoDoesNotCountItself: what total_commands_processed tells is how many calls have ended, whoever runs INFO.
func TestInfoDoesNotCountItself(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("PONG", "PING")
	for want, how := range []string{"on a reactor", "again"} {
		if n := c.infoOf("stats")["total_commands_processed"]; number(t, n) != int64(want+1) {
			t.Errorf("%s: %s calls have been processed, want %d", how, n, want+1)
		}
	}
	c.want("OK", "MULTI")
	c.want("QUEUED", "INFO", "stats")
	if text := c.do("EXEC"); !strings.Contains(text, "total_commands_processed:4\r\n") {
		t.Errorf("within EXEC: %s", text)
	}
}

// TestResetStatOfReplication: CONFIG RESETSTAT has everything counted anew, of replication and of files, too.
func TestResetStatOfReplication(t *testing.T) {
	p := startServer(t, quickSync...)
	c := dial(t, p)
	c.want("OK", "SET", "a", "1")
	c.want("OK", "SAVE")
	online(t, p)
	fields := []string{"sync_full", "total_net_repl_output_bytes", "rdb_saves"}
	for _, name := range fields {
		until(t, name+" counts", func() bool { return c.infoInt(name) > 0 })
	}
	if all, fed := c.infoInt("total_net_output_bytes"), c.infoInt("total_net_repl_output_bytes"); all < fed {
		t.Errorf("%d bytes were sent, %d of them to replicas", all, fed)
	}
	for _, name := range fields {
		until(t, name+" is counted anew", func() bool { // a ping may be sent meanwhile
			c.want("OK", "CONFIG", "RESETSTAT")
			return c.infoInt(name) == 0
		})
	}

	s := startServer(t)
	c = dial(t, s)
	leader := leads(t, s, c)
	leader.send("SELECT 0", "SET a 1")
	leader.applied(c)
	got, all := c.infoInt("total_net_repl_input_bytes"), c.infoInt("total_net_input_bytes")
	if got < int64(leader.sent) || all < got {
		t.Errorf("%d bytes of %d are said to come from the primary, %d in all", got, leader.sent, all)
	}
	c.want("OK", "CONFIG", "RESETSTAT")
	if n := c.infoInt("total_net_repl_input_bytes"); n != 0 {
		t.Errorf("%d bytes after CONFIG RESETSTAT", n)
	}
}
