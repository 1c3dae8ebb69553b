package compat

import (
	"fmt"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// Outcome is what one step gave on one side. A transport error (connection lost, no
// reply in time) is an outcome too: Err is its text.
type Outcome struct {
	Reply rawclient.Value
	Err   string
}

func (o Outcome) String() string {
	if o.Err != "" {
		return "<" + o.Err + ">"
	}
	return o.Reply.String()
}

// Side is one server and the connections that sequences use.
type Side struct {
	Server *harness.Server
	conns  [connsCount]*rawclient.Client
	ids    [connsCount]string // CLIENT ID of each
	ctl    *rawclient.Client  // flushes and dumps
}

// connect opens what is closed.
func (s *Side) connect() error {
	if s.ctl == nil {
		c, err := s.Server.Dial()
		if err != nil {
			return err
		}
		s.ctl = c
	}
	for i := range s.conns {
		if s.conns[i] == nil {
			if err := s.redial(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Side) redial(i int) error {
	s.drop(i)
	c, err := s.Server.Dial()
	if err != nil {
		return err
	}
	id, err := c.Do("CLIENT", "ID")
	if err != nil {
		return err
	}
	s.conns[i], s.ids[i] = c, id.Text()
	return nil
}

func (s *Side) drop(i int) {
	if s.conns[i] != nil {
		_ = s.conns[i].Close()
		s.conns[i] = nil
	}
}

func (s *Side) dropAll() {
	for i := range s.conns {
		s.drop(i)
	}
	if s.ctl != nil {
		_ = s.ctl.Close()
		s.ctl = nil
	}
}

// Reset empties the server and brings every connection to its state after connecting.
func (s *Side) Reset() error {
	if err := s.reset(); err != nil {
		s.dropAll() // one more time, with fresh connections
		return s.reset()
	}
	return nil
}

func (s *Side) reset() error {
	if err := s.connect(); err != nil {
		return err
	}
	for _, c := range s.conns {
		c.Queue("RESET")
		c.Queue("CLIENT", "NO-EVICT", "OFF") // 7.0's RESET keeps it
		_ = c.Flush()                        // whether it worked, the replies say
	}
	for i, c := range s.conns {
		got, err := c.Exchange(2)
		if err != nil || got[0].Str != "RESET" {
			if err := s.redial(i); err != nil {
				return err
			}
		}
	}
	for _, cmd := range []string{"SELECT 0", "FLUSHALL"} {
		v, err := s.ctl.DoLine(cmd)
		if err != nil {
			return err
		}
		if v.IsError() {
			return fmt.Errorf("%s: %s", cmd, v)
		}
	}
	return nil
}

// Run executes a sequence and gives one outcome per step.
func (s *Side) Run(steps []Step) []Outcome {
	out := make([]Outcome, 0, len(steps))
	for i := 0; i < len(steps); {
		if steps[i].Op != "" {
			out = append(out, s.runOp(steps[i]))
			i++
			continue
		}
		n := 1
		for i+n < len(steps) && steps[i+n].Batch && steps[i+n].Op == "" && steps[i+n].Conn == steps[i].Conn {
			n++
		}
		out = append(out, s.runBatch(steps[i:i+n])...)
		i += n
	}
	return out
}

// runBatch sends commands of one connection together and reads all replies.
func (s *Side) runBatch(steps []Step) []Outcome {
	conn := steps[0].Conn
	if s.conns[conn] == nil {
		if err := s.redial(conn); err != nil {
			return repeatError(len(steps), "cannot connect: "+errorText(err))
		}
	}
	c := s.conns[conn]
	quits := false
	for _, st := range steps {
		args := s.substitute(st.Args)
		if st.Inline {
			c.QueueInline(args...)
		} else {
			c.Queue(args...)
		}
		quits = quits || st.Name() == "quit"
	}
	replies, err := c.Exchange(len(steps))
	out := make([]Outcome, 0, len(steps))
	for _, v := range replies {
		out = append(out, Outcome{Reply: v})
	}
	if err != nil {
		s.drop(conn)
		return append(out, repeatError(len(steps)-len(replies), errorText(err))...)
	}
	if quits {
		if !closedByPeer(c) {
			out[len(out)-1].Err = "connection still open after QUIT"
		}
		s.drop(conn)
	}
	return out
}

// substitute replaces @{id0}, @{addr0}, @{laddr0} (0: the connection) by their values.
// Only commands that mean connections get them: an unknown command's error repeats its
// arguments.
func (s *Side) substitute(args []string) []string {
	if len(args) == 0 || !strings.EqualFold(args[0], "client") {
		return args
	}
	var out []string
	for i, a := range args {
		if !strings.Contains(a, "@{") {
			continue
		}
		if out == nil {
			out = append([]string(nil), args...)
		}
		for n, c := range s.conns {
			if c == nil {
				continue
			}
			a = strings.ReplaceAll(a, fmt.Sprintf("@{id%d}", n), s.ids[n])
			a = strings.ReplaceAll(a, fmt.Sprintf("@{addr%d}", n), c.Conn.LocalAddr().String())
			a = strings.ReplaceAll(a, fmt.Sprintf("@{laddr%d}", n), c.Conn.RemoteAddr().String())
		}
		out[i] = a
	}
	if out == nil {
		return args
	}
	return out
}

func repeatError(n int, text string) []Outcome {
	out := make([]Outcome, n)
	for i := range out {
		out[i].Err = text
	}
	return out
}
