package follow

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/kringdb/kring/internal/server/replication"
)

// link is the connection to one primary, and how it comes to be again and again.
type link struct {
	f      *Follower
	target Target
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	in     input
	stream stream
	afresh bool // only a full copy will do

	mu struct {
		sync.Mutex // guards the connection, and that one at a time writes to it
		conn       net.Conn
	}
	numbers
}

// run connects until it is told to end.
func (l *link) run() {
	defer close(l.ended)
	for rest := restFirst; l.ctx.Err() == nil; rest = min(2*rest, restMost) {
		err := l.follow()
		var bad *replication.Damaged
		damaged := errors.As(err, &bad)
		if l.disconnect() && !damaged { // a stream that is damaged again and again is no reason to hurry
			rest = restFirst
		}
		l.afresh = l.afresh || damaged
		if l.ctx.Err() != nil {
			return
		}
		var no *replication.Refused
		if errors.As(err, &no) {
			l.stop(no.Reason)
			return
		}
		l.fail(err)
		select {
		case <-l.ctx.Done():
			return
		case <-time.After(rest):
		}
	}
}

// follow is one connection from its beginning to its end.
func (l *link) follow() error {
	if err := l.connect(); err != nil {
		return err
	}
	stopBeats := l.startBeats()
	defer stopBeats()
	full, err := l.handshake()
	if err != nil {
		return err
	}
	if full != nil {
		if err := l.transfer(full); err != nil {
			return err
		}
	}
	return l.runStream()
}

// connect opens the connection.
func (l *link) connect() error {
	l.setState(Connecting)
	o := l.f.Options
	ctx, cancel := context.WithTimeout(l.ctx, l.timeout())
	defer cancel()
	var from net.Addr
	if ip := net.ParseIP(o.BindSource.Load()); ip != nil {
		from = &net.TCPAddr{IP: ip}
	}
	conn, err := l.f.House.Dial(ctx, net.JoinHostPort(l.target.Host, strconv.Itoa(l.target.Port)), from)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.mu.conn = conn
	l.mu.Unlock()
	if l.ctx.Err() != nil { // end has not seen it
		conn.Close()
		return ErrStopped
	}
	l.in.begin(conn, l)
	return nil
}

// timeout is after how much silence the link is given up.
func (l *link) timeout() time.Duration {
	return time.Duration(l.f.Options.ReplTimeout.Load()) * time.Second
}

// disconnect closes the connection, and tells whether the stream was followed on it.
func (l *link) disconnect() bool {
	l.mu.Lock()
	conn := l.mu.conn
	l.mu.conn = nil
	l.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	if l.getState() == Connected {
		now := time.Now().Unix()
		l.downSince.Store(now)
		l.f.lost.Store(now)
		l.setState(Connect)
		l.f.House.Up(false)
		return true
	}
	l.setState(Connect)
	return false
}

// hangUp closes the connection under whoever reads from it.
func (l *link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.conn != nil {
		l.mu.conn.Close()
	}
}

// end has the link end.
func (l *link) end() {
	l.cancel()
	l.hangUp()
}

// fail notes why the connection has ended, and tells the log unless it has been told.
func (l *link) fail(err error) {
	text := err.Error()
	if last := l.reason.Swap(&text); last == nil || *last != text {
		l.f.Log.Warn("the link to the primary is down", "primary", l.target.addr(), "error", text)
	}
}

// stop ends the link for good.
func (l *link) stop(why string) {
	l.reason.Store(&why)
	l.setState(Stopped)
	l.f.Log.Error("the link to the primary has stopped, so that the data do not differ: REPLICAOF begins it again",
		"primary", l.target.addr(), "reason", why)
}

func (t *Target) addr() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

// write sends something to the primary.
func (l *link) write(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.conn == nil {
		return net.ErrClosed
	}
	_ = l.mu.conn.SetWriteDeadline(time.Now().Add(l.timeout()))
	_, err := l.mu.conn.Write(b)
	return err
}

// startBeats has the primary told once a second that the replica lives, until the function that it
// returns is called.
func (l *link) startBeats() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(beat)
		defer t.Stop()
		for {
			select {
			case <-quit:
				return
			case <-t.C:
			}
			switch l.getState() {
			case Sync:
				if l.loading.Load() {
					_ = l.write([]byte("\n")) // a dead connection shows when it is read
				}
			case Connected:
				_ = l.acknowledge()
			}
		}
	}()
	return func() {
		close(quit)
		l.hangUp() // it may be writing
		<-done
	}
}

// acknowledge tells the primary how far the data here are.
func (l *link) acknowledge() error {
	words := []string{"REPLCONF", "ACK", strconv.FormatInt(l.f.House.Applied(), 10)}
	if offset, on := l.f.House.Durable(); on {
		words = append(words, "FACK", strconv.FormatInt(offset, 10))
	}
	return l.write(appendCall(nil, words...))
}
