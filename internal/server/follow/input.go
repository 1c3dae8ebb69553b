package follow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/kringdb/kring/resp"
)

// input is what the primary sends, read by the link's goroutine. What lies between at and end has
// been read and not been used.
type input struct {
	l    *link
	conn net.Conn
	buf  []byte
	at   int
	end  int
	// kept says that there are views of what lies between at and end: nothing may move over them.
	kept  bool
	timed time.Time // when the deadline was set last
}

// begin readies the input for a new connection.
func (in *input) begin(conn net.Conn, l *link) {
	*in = input{l: l, conn: conn, buf: in.buf}
	if in.buf == nil {
		in.buf = make([]byte, readBytes)
	}
	l.heard(time.Now())
}

// fill reads more, towards need bytes from at on. It returns after one read, however much that brought.
func (in *input) fill(need int) error {
	have := in.end - in.at
	in.makeRoom(max(min(need, max(trustedBytes, 2*have)), have+1))
	if now := time.Now(); now.Sub(in.timed) >= refreshTimeout {
		in.timed = now
		if err := in.conn.SetReadDeadline(now.Add(in.l.timeout() + refreshTimeout)); err != nil {
			return err
		}
	}
	n, err := in.conn.Read(in.buf[in.end:])
	in.end += n
	if n > 0 {
		in.l.f.Received.Add(int64(n))
		in.l.heard(time.Now())
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSilent
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the primary has closed the connection")
	}
	return err
}

// makeRoom sees to it that need bytes from at on fit, and that a read can bring much. What there are
// views of stays where it is, in the buffer before if there is a new one.
func (in *input) makeRoom(need int) {
	free := len(in.buf) - in.end
	if in.at+need <= len(in.buf) && free >= readBytes/4 {
		return
	}
	size := len(in.buf)
	if size > keepInputBytes && need < keepInputBytes/2 {
		size = readBytes
	}
	for size < need+readBytes/2 {
		size *= 2
	}
	to := in.buf
	if in.kept || size != len(in.buf) {
		to = make([]byte, size)
	}
	in.end = copy(to, in.buf[in.at:in.end])
	in.buf, in.at = to, 0
}

// line reads a line of the handshake, without its end. Empty lines, by which the primary tells that it
// is still there, are skipped.
func (in *input) line() (string, error) {
	for {
		have := in.buf[in.at:in.end]
		i := bytes.IndexByte(have, '\n')
		switch {
		case i >= 0:
			text := string(bytes.TrimRight(have[:i], "\r"))
			in.at += i + 1
			if text != "" {
				return text, nil
			}
			continue
		case len(have) > mostLineBytes:
			return "", errors.New("the primary has sent a line without an end")
		}
		if err := in.fill(len(have) + 1); err != nil {
			return "", err
		}
	}
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	if in.at == in.end {
		if err := in.fill(1); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf[in.at:in.end])
	in.at += n
	return n, nil
}

// markReader reads up to a mark, which it takes away.
type markReader struct {
	in   *input
	mark []byte
	over bool
}

// Read implements io.Reader.
func (r *markReader) Read(p []byte) (int, error) {
	in := r.in
	for {
		if r.over {
			return 0, io.EOF
		}
		have := in.buf[in.at:in.end]
		ready := len(have) - len(r.mark) + 1 // the mark may have begun behind
		i := bytes.Index(have, r.mark)
		if i >= 0 {
			ready = i
		}
		if i == 0 {
			in.at += len(r.mark)
			r.over = true
			continue
		}
		if ready > 0 {
			n := copy(p, have[:ready])
			in.at += n
			return n, nil
		}
		if err := in.fill(len(r.mark)); err != nil {
			return 0, err
		}
	}
}

// appendCall appends a call as clients send it.
func appendCall(dst []byte, words ...string) []byte {
	dst = resp.AppendHeader(dst, '*', len(words))
	for _, w := range words {
		dst = resp.AppendBulkString(dst, w)
	}
	return dst
}
