package compat

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// runOp executes a step that is no plain command.
func (s *Side) runOp(st Step) Outcome {
	switch st.Op {
	case "pass":
		ms, err := strconv.Atoi(st.Args[0])
		if err != nil {
			return Outcome{Err: "!pass wants milliseconds"}
		}
		time.Sleep(time.Duration(ms) * time.Millisecond) // time itself is what is waited for
		return Outcome{}
	case "scan":
		return s.scanAll(st)
	case "raw":
		return s.raw(st.Args[0])
	case "blocked":
		return s.awaitBlocked(st.Args[0])
	}
	if s.conns[st.Conn] == nil {
		if err := s.redial(st.Conn); err != nil {
			return Outcome{Err: "cannot connect: " + errorText(err)}
		}
	}
	c := s.conns[st.Conn]
	switch st.Op {
	case "noreply":
		c.Queue(s.substitute(st.Args)...)
		if err := c.Flush(); err != nil {
			return Outcome{Err: errorText(err)}
		}
		return Outcome{}
	case "receive":
		return s.receive(c)
	case "closed":
		closed := closedByPeer(c)
		s.drop(st.Conn)
		if !closed {
			return Outcome{Err: "connection still open"}
		}
		return Outcome{Err: "closed"}
	}
	return Outcome{Err: "unknown operation " + st.Op}
}

// scanAll iterates SCAN with the step's options from 0 to 0 and gives the set of keys.
func (s *Side) scanAll(st Step) Outcome {
	cursor, seen := "0", map[string]bool{}
	for range scanRoundsMax {
		args := append([]string{"SCAN", cursor}, st.Args...)
		out := s.runBatch([]Step{{Conn: st.Conn, Args: args}})[0]
		if out.Err != "" || out.Reply.IsError() {
			return out
		}
		if len(out.Reply.Elems) != 2 {
			return Outcome{Err: "SCAN replied " + out.Reply.String()}
		}
		for _, key := range out.Reply.Elems[1].Texts() {
			seen[key] = true
		}
		if cursor = out.Reply.Elems[0].Text(); cursor == "0" {
			return Outcome{Reply: bulkSet(seen)}
		}
	}
	return Outcome{Err: "SCAN does not end"}
}

func bulkSet(seen map[string]bool) rawclient.Value {
	v := rawclient.Value{Kind: rawclient.Set}
	for key := range seen {
		v.Elems = append(v.Elems, rawclient.Value{Kind: rawclient.Bulk, Str: key})
	}
	sort.Slice(v.Elems, func(i, j int) bool { return v.Elems[i].Str < v.Elems[j].Str })
	return v
}

const sentinel = "<sentinel>"

// raw sends bytes and then ECHO <sentinel> on a connection of its own, and gives all
// bytes up to the sentinel's return, the connection's end, or quietTimeout.
func (s *Side) raw(in string) Outcome {
	c, err := s.Server.Dial()
	if err != nil {
		return Outcome{Err: "cannot connect: " + errorText(err)}
	}
	defer c.Close()
	_ = c.Write(rawclient.AppendCommand([]byte(in), "ECHO", sentinel))
	var got bytes.Buffer
	end := "quiet"
	buf := make([]byte, 16<<10)
	for {
		_ = c.Conn.SetReadDeadline(time.Now().Add(quietTimeout))
		n, err := c.Conn.Read(buf)
		got.Write(buf[:n])
		if strings.HasSuffix(got.String(), sentinel+"\r\n") {
			end = "answered"
			break
		}
		if err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				end = "closed"
			}
			break
		}
	}
	return Outcome{Reply: rawclient.Value{Kind: rawclient.Bulk, Str: got.String() + "<" + end + ">"}}
}

// closedByPeer waits for the end of the connection.
func closedByPeer(c *rawclient.Client) bool {
	_, err := c.Receive()
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}

// noReply is the outcome of a reply that does not come.
const noReply = "no reply in time"

// errorText maps transport errors to words that do not depend on timing or ports.
func errorText(err error) string {
	var netErr net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE):
		return "connection closed"
	case errors.As(err, &netErr) && netErr.Timeout():
		return noReply
	}
	return err.Error()
}
