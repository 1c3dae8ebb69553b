package kit

import (
	"bytes"
	"fmt"
	"net"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// PipeSpec says what Pipe sends.
type PipeSpec struct {
	Count   int
	Command func(dst []byte, i int) []byte // appends command number i, encoded; its reply is one line
}

// Pipe sends commands in pipelines over one connection and reads their one-line
// replies, none of which may be an error.
func Pipe(srv *harness.Server, spec PipeSpec) error {
	conn, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	var out []byte
	in := make([]byte, 64<<10)
	for done := 0; done < spec.Count; {
		n := min(FillBatchCommands, spec.Count-done)
		out = out[:0]
		for i := range n {
			out = spec.Command(out, done+i)
		}
		if err := conn.SetDeadline(time.Now().Add(FillTimeout)); err != nil {
			return err
		}
		if _, err := conn.Write(out); err != nil {
			return err
		}
		for lines := 0; lines < n; {
			got, err := conn.Read(in)
			if err != nil {
				return fmt.Errorf("after %d commands: %w", done, err)
			}
			if bytes.IndexByte(in[:got], '-') >= 0 {
				return fmt.Errorf("reply %q", in[:min(got, 200)])
			}
			lines += bytes.Count(in[:got], []byte("\n"))
		}
		done += n
	}
	return nil
}

// AppendCommand appends an encoded command.
func AppendCommand(dst []byte, args ...[]byte) []byte {
	dst = append(dst, fmt.Sprintf("*%d\r\n", len(args))...)
	for _, a := range args {
		dst = appendBulk(dst, a)
	}
	return dst
}

// Padded appends prefix and a number of 12 digits, as redis-benchmark's __rand_int__.
func Padded(dst []byte, prefix string, i int) []byte { return appendPadded(append(dst, prefix...), i) }
