package rawclient

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

// Client is one connection. It is not safe for concurrent use; one goroutine may
// write while another reads.
type Client struct {
	Conn    net.Conn
	Timeout time.Duration // of each wait; 0 means DefaultTimeout
	r       *bufio.Reader
	out     []byte
}

// Dial connects ("tcp" or "unix").
func Dial(network, addr string) (*Client, error) {
	c, err := net.DialTimeout(network, addr, DefaultTimeout)
	if err != nil {
		return nil, err
	}
	return New(c), nil
}

// New wraps an open connection.
func New(c net.Conn) *Client {
	return &Client{Conn: c, r: bufio.NewReaderSize(c, ReaderBytes)}
}

// Close closes the connection.
func (c *Client) Close() error { return c.Conn.Close() }

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return DefaultTimeout
}

// Queue adds a command to the output buffer.
func (c *Client) Queue(args ...string) { c.out = AppendCommand(c.out, args...) }

// QueueInline adds a command in inline form to the output buffer.
func (c *Client) QueueInline(args ...string) { c.out = AppendInline(c.out, args...) }

// QueueRaw adds bytes as they are to the output buffer.
func (c *Client) QueueRaw(b []byte) { c.out = append(c.out, b...) }

// Flush writes the output buffer.
func (c *Client) Flush() error {
	if len(c.out) == 0 {
		return nil
	}
	b := c.out
	c.out = c.out[:0]
	return c.Write(b)
}

// Write writes bytes as they are, within the timeout.
func (c *Client) Write(b []byte) error {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.timeout())); err != nil {
		return err
	}
	_, err := c.Conn.Write(b)
	return err
}

// Receive reads one reply within the timeout.
func (c *Client) Receive() (Value, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.timeout())); err != nil {
		return Value{}, err
	}
	return Decode(c.r)
}

// Reader gives the buffered reader beneath Receive, for raw reading.
func (c *Client) Reader() *bufio.Reader { return c.r }

// Do sends a command and waits for its reply.
func (c *Client) Do(args ...string) (Value, error) {
	c.Queue(args...)
	if err := c.Flush(); err != nil {
		return Value{}, err
	}
	return c.Receive()
}

// DoLine is Do for a line in quoted notation.
func (c *Client) DoLine(line string) (Value, error) {
	args, err := Split(line)
	if err != nil {
		return Value{}, err
	}
	return c.Do(args...)
}

// Exchange flushes the queue and reads n replies; a long request is written beside
// the reading. It returns the replies that came before an error.
func (c *Client) Exchange(n int) ([]Value, error) {
	werr := make(chan error, 1)
	if len(c.out) < backgroundWriteBytes {
		werr <- c.Flush()
	} else {
		go func() { werr <- c.Flush() }()
	}
	out := make([]Value, 0, n)
	for range n {
		v, err := c.Receive()
		if err != nil {
			_ = c.Conn.SetWriteDeadline(time.Now()) // ends a writer that nobody reads from
			if w := <-werr; w != nil {
				err = fmt.Errorf("%w (and writing: %v)", err, w)
			}
			return out, err
		}
		out = append(out, v)
	}
	return out, <-werr
}
