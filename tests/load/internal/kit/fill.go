package kit

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// FillSpec says what to load.
type FillSpec struct {
	Keys  int
	First int // index of the first key
	Key   func(dst []byte, i int) []byte
	Value []byte
	TTL   int                   // seconds; 0 none
	Batch int                   // commands per pipeline; 0: FillBatchCommands
	Each  func(d time.Duration) // called with each batch's time from write to last reply; may be nil
}

// BenchKey is redis-benchmark's key number i.
func BenchKey(dst []byte, i int) []byte { return appendPadded(append(dst, "key:"...), i) }

// CounterKey is the key number i of redis-benchmark's INCR test.
func CounterKey(dst []byte, i int) []byte { return appendPadded(append(dst, "counter:"...), i) }

func appendPadded(dst []byte, i int) []byte {
	var digits [12]byte
	for at := len(digits) - 1; at >= 0; at-- {
		digits[at] = byte('0' + i%10)
		i /= 10
	}
	return append(dst, digits[:]...)
}

var okReply = []byte("+OK\r\n")

// Fill loads keys over one connection. It allocates nothing per batch, so that the load
// program's own garbage collection is no part of what it measures.
func Fill(srv *harness.Server, spec FillSpec) error {
	conn, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if spec.Batch == 0 {
		spec.Batch = FillBatchCommands
	}
	tail := appendBulk(nil, spec.Value)
	head := []byte("*3\r\n$3\r\nSET\r\n")
	if spec.TTL > 0 {
		head = []byte("*5\r\n$3\r\nSET\r\n")
		tail = appendBulk(appendBulk(tail, []byte("EX")), strconv.AppendInt(nil, int64(spec.TTL), 10))
	}
	var out, key []byte
	replies := make([]byte, spec.Batch*len(okReply))
	for done := 0; done < spec.Keys; {
		n := min(spec.Batch, spec.Keys-done)
		out = out[:0]
		for i := range n {
			key = spec.Key(key[:0], spec.First+done+i)
			out = append(appendBulk(append(out, head...), key), tail...)
		}
		begin := time.Now()
		if err := Exchange(conn, out, replies[:n*len(okReply)]); err != nil {
			return fmt.Errorf("after %d keys: %w", done, err)
		}
		if spec.Each != nil {
			spec.Each(time.Since(begin))
		}
		done += n
	}
	return nil
}

// Exchange writes a request and reads replies that must all be +OK.
func Exchange(conn net.Conn, out, replies []byte) error {
	if err := conn.SetDeadline(time.Now().Add(FillTimeout)); err != nil {
		return err
	}
	if _, err := conn.Write(out); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, replies); err != nil {
		return err
	}
	for at := 0; at < len(replies); at += len(okReply) {
		if !bytes.Equal(replies[at:at+len(okReply)], okReply) {
			return fmt.Errorf("reply %q", replies[at:min(at+100, len(replies))])
		}
	}
	return nil
}

func appendBulk(dst, b []byte) []byte {
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(len(b)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, b...)
	return append(dst, '\r', '\n')
}
