package compat

import (
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// queues follows what the connections queue, so that EXEC's replies are compared one by
// one, each as its command's.
type queues [connsCount]struct {
	open  bool
	steps []Step
}

// openMultis tells on which connections commands may be queued now.
type openMultis [connsCount]bool

func (m *openMultis) note(st Step) {
	switch st.Name() {
	case "multi":
		m[st.Conn] = true
	case "exec", "discard", "reset", "quit":
		m[st.Conn] = false
	}
}

// note follows the oracle's reply to a step. For an EXEC that ran it returns the steps
// behind its replies.
func (q *queues) note(st Step, o Outcome) []Step {
	c := &q[st.Conn]
	if st.Op == "scan" && c.open && strings.HasSuffix(o.Err, "QUEUED") {
		c.steps = append(c.steps, Step{Args: []string{"SCAN", "0"}}) // replies as to any SCAN
		return nil
	}
	if st.Op != "" || o.Err != "" {
		return nil
	}
	switch name := st.Name(); {
	case name == "multi" && o.Reply.Str == "OK":
		c.open, c.steps = true, nil
	case name == "exec" && c.open:
		steps := c.steps
		c.open, c.steps = false, nil
		if o.Reply.IsError() || o.Reply.IsNull() || len(o.Reply.Elems) != len(steps) {
			return nil
		}
		return steps
	case o.Reply.Str == "QUEUED" && c.open:
		c.steps = append(c.steps, st)
	case !o.Reply.IsError() && (name == "discard" || name == "reset" || name == "quit"):
		c.open, c.steps = false, nil
	}
	return nil
}

// compareExec is compareStep for an EXEC that ran steps.
func (p *Pair) compareExec(st Step, steps []Step, o, s Outcome) *Mismatch {
	if s.Err != "" || s.Reply.Kind != o.Reply.Kind || len(s.Reply.Elems) != len(steps) {
		return &Mismatch{Oracle: o.String(), Subject: s.String()}
	}
	for i := range steps {
		if m := p.compareStep(steps[i], Outcome{Reply: o.Reply.Elems[i]}, Outcome{Reply: s.Reply.Elems[i]}); m != nil {
			m.Detail = "reply " + strconv.Itoa(i) + " of EXEC, to " + steps[i].String() + "\n" + m.Detail
			return m
		}
	}
	return nil
}

// awaitBlocked waits until n clients are blocked.
func (s *Side) awaitBlocked(n string) Outcome {
	for end := time.Now().Add(rawclient.DefaultTimeout); time.Now().Before(end); time.Sleep(time.Millisecond) {
		v, err := s.ctl.Do("INFO", "clients")
		if err != nil {
			return Outcome{Err: errorText(err)}
		}
		if strings.Contains(v.Text(), "blocked_clients:"+n+"\r\n") {
			return Outcome{}
		}
	}
	return Outcome{Err: "not " + n + " blocked clients"}
}

// receive reads one reply that an earlier !noreply step is waiting for.
func (s *Side) receive(c *rawclient.Client) Outcome {
	v, err := c.Receive()
	if err != nil {
		return Outcome{Err: errorText(err)}
	}
	return Outcome{Reply: v}
}
