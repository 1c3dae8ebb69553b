package migrate

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

const (
	// keepLinks is how many links are kept, keepFor for how long after their last use: as
	// Redis does.
	keepLinks = 64
	keepFor   = 10 * time.Second
	// replyBytes bounds a line of a reply: they are OK, or an error.
	replyBytes = 64 << 10
)

// Links are the links that are not in use. Any goroutine may use them.
type Links struct {
	Dial func(addr string, timeout time.Duration) (net.Conn, error) // set before they are used
	mu   struct {
		sync.Mutex
		idle   []*link // the one used last at the end
		closed bool
		age    int // how often Renew was called
	}
}

// link is a connection.
type link struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	db   int // selected there, -1: unknown
	user string
	pass string // it has authenticated with
	done *time.Timer
	age  int // mu.age when it was made
}

// take returns a link to addr from the cache, or a new one. kept says that it is an old one:
// the other end may have closed it.
func (ls *Links) take(addr string, timeout time.Duration) (l *link, kept bool, err error) {
	ls.mu.Lock()
	for i := len(ls.mu.idle) - 1; i >= 0; i-- {
		if l = ls.mu.idle[i]; l.addr == addr {
			ls.mu.idle = append(ls.mu.idle[:i], ls.mu.idle[i+1:]...)
			ls.mu.Unlock()
			l.done.Stop()
			return l, true, nil
		}
	}
	age := ls.mu.age
	ls.mu.Unlock()
	conn, err := ls.Dial(addr, timeout)
	if err != nil {
		return nil, false, err
	}
	return &link{addr: addr, conn: conn, in: bufio.NewReaderSize(conn, 4<<10), db: -1, age: age}, false, nil
}

// give keeps a link.
func (ls *Links) give(l *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.mu.closed || len(ls.mu.idle) == keepLinks || l.age != ls.mu.age {
		l.conn.Close()
		return
	}
	l.done = time.AfterFunc(keepFor, func() { ls.drop(l) })
	ls.mu.idle = append(ls.mu.idle, l)
}

// drop closes a link that nobody has taken.
func (ls *Links) drop(l *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for i, k := range ls.mu.idle {
		if k == l {
			ls.mu.idle = append(ls.mu.idle[:i], ls.mu.idle[i+1:]...)
			l.conn.Close()
			return
		}
	}
}

// Renew has all links made anew: Dial makes others now.
func (ls *Links) Renew() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.mu.age++
	ls.closeIdle()
}

// Close closes what is kept, and keeps no more.
func (ls *Links) Close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.mu.closed = true
	ls.closeIdle()
}

// closeIdle closes what is kept. ls.mu is held.
func (ls *Links) closeIdle() {
	for _, l := range ls.mu.idle {
		l.done.Stop()
		l.conn.Close()
	}
	ls.mu.idle = nil
}

// errText is what the target has answered.
type refusal string

func (r refusal) Error() string { return "Target instance replied with error: " + string(r) }

// Send implements command.PeersHost.
func (ls *Links) Send(t *command.Target, items []command.Parcel) (taken int, errText string) {
	begin := time.Now()
	for {
		l, kept, err := ls.take(t.Addr, t.Timeout)
		if err != nil {
			return 0, "IOERR error or timeout connecting to the client"
		}
		taken, doing, err := l.send(t, items)
		if err == nil {
			ls.give(l)
			return taken, ""
		}
		var no refusal
		if errors.As(err, &no) {
			ls.give(l)
			return taken, "ERR " + no.Error()
		}
		l.conn.Close()
		if kept && !anyTaken(items) && !isTimeout(err) && time.Since(begin) < t.Timeout {
			continue // it was closed at the other end meanwhile
		}
		return taken, "IOERR error or timeout " + doing + " to target instance"
	}
}

func anyTaken(items []command.Parcel) bool {
	for i := range items {
		if items[i].Taken {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// send writes everything and reads the replies. doing is what was done when an error came.
func (l *link) send(t *command.Target, items []command.Parcel) (taken int, doing string, err error) {
	var b []byte
	asked := 0
	if t.Password != nil && (l.pass != string(t.Password) || l.user != string(t.User)) {
		b = appendAuth(b, t)
		asked++
	}
	auth := asked == 1
	if l.db != t.DB {
		b = resp.AppendHeader(b, '*', 2)
		b = resp.AppendBulkString(b, "SELECT")
		b = resp.AppendBulkInt(b, int64(t.DB))
		asked++
	}
	doing = "writing"
	for i := range items {
		b = appendRestore(b, &items[i], t)
		if len(b) >= 64<<10 || i == len(items)-1 {
			_ = l.conn.SetDeadline(time.Now().Add(t.Timeout))
			if _, err = l.conn.Write(b); err != nil {
				return 0, doing, err
			}
			b = b[:0]
		}
	}
	doing = "reading"
	var first error
	for i := range asked {
		_ = l.conn.SetDeadline(time.Now().Add(t.Timeout))
		switch err = l.reply(); {
		case errors.As(err, new(refusal)):
			if first == nil {
				first = err
			}
		case err != nil:
			return taken, doing, err
		case auth && i == 0:
			l.user, l.pass = string(t.User), string(t.Password)
		default:
			l.db = t.DB
		}
	}
	refused := first != nil // no key counts as taken: who knows where it went
	for i := range items {
		_ = l.conn.SetDeadline(time.Now().Add(t.Timeout))
		switch err = l.reply(); {
		case errors.As(err, new(refusal)):
			if first == nil {
				first = err
			}
		case err != nil:
			return taken, doing, err
		case !refused:
			items[i].Taken = true
			taken++
		}
	}
	return taken, doing, first
}

func appendAuth(b []byte, t *command.Target) []byte {
	n := 2
	if t.User != nil {
		n = 3
	}
	b = resp.AppendHeader(b, '*', n)
	b = resp.AppendBulkString(b, "AUTH")
	if t.User != nil {
		b = resp.AppendBulk(b, t.User)
	}
	return resp.AppendBulk(b, t.Password)
}

func appendRestore(b []byte, p *command.Parcel, t *command.Target) []byte {
	n := 4
	if t.Replace || p.Again {
		n = 5
	}
	b = resp.AppendHeader(b, '*', n)
	name := "RESTORE"
	if t.Asking {
		name = "RESTORE-ASKING"
	}
	b = resp.AppendBulkString(b, name)
	b = resp.AppendBulk(b, p.Key)
	b = resp.AppendBulkInt(b, p.TTL)
	b = resp.AppendBulk(b, p.Payload)
	if n == 5 {
		b = resp.AppendBulkString(b, "REPLACE")
	}
	return b
}

// reply reads one: nil for a good one, a refusal for an error.
func (l *link) reply() error {
	var line strings.Builder
	for {
		part, more, err := l.in.ReadLine()
		if err != nil {
			return err
		}
		if line.Len()+len(part) > replyBytes {
			return io.ErrUnexpectedEOF
		}
		line.Write(part)
		if !more {
			break
		}
	}
	switch s := line.String(); {
	case strings.HasPrefix(s, "-"):
		return refusal(s[1:])
	case strings.HasPrefix(s, "+"):
		return nil
	default:
		return errors.New("an unexpected reply: " + strconv.Quote(s))
	}
}
