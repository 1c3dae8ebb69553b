package follow

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence"
)

// House is the server. The link's goroutine calls it, and holds nothing.
type House interface {
	// Resume is where the data here stand: by which history, and up to which offset. known is false if
	// they are of none that anybody could continue.
	Resume() (id string, offset int64, known bool)
	// Replace makes what c has the data, which are then those of id at offset. When it returns an error
	// the data, whatever they are, are of no history; with c.Beside they are still what they were.
	Replace(ctx context.Context, c *Copy) error
	// Empty tells whether there are no data.
	Empty() bool
	// Continue tells that the stream goes on at the offset, and what the primary calls the history
	// now; "" if as before.
	Continue(id string)
	// Apply executes calls of the stream. Their arguments are views until it returns. A
	// *replication.Refused stops the link.
	Apply(ctx context.Context, b *replication.Batch) error
	// Applied is the offset that the data have, and Durable up to which the AOF has them, if there is one;
	// any goroutine may ask.
	Applied() int64
	Durable() (offset int64, on bool)
	// Ports are what the replica listens on: the port without and with TLS, 0 if there is none.
	Ports() (plain, tls int)
	// Dial connects to the primary. An address to connect from is nil if any will do.
	Dial(ctx context.Context, addr string, from net.Addr) (net.Conn, error)
	// NewID numbers the connection whose stream is followed among the server's clients.
	NewID() int64
	// Up tells that the stream is followed from now on, or (false) not any more.
	Up(up bool)
	// Node is the id of the server as a node of a cluster, empty if it is none.
	Node() string
	// AskedToPromise tells that the primary asks for a promise not to lead (REPLCONF GETPROMISE). It does not wait.
	AskedToPromise(number int64)
}

// Copy is a full copy of the data.
type Copy struct {
	In     io.Reader // a file of RDB, and nothing behind it
	Size   int64     // in bytes, -1: unknown
	ID     string    // the history that it belongs to
	Offset int64     // and where in it
	Beside bool      // what is here is to be served until the copy is loaded, and to stay if it cannot be
}

// Config is what a Follower is made from.
type Config struct {
	House   House
	Options *options.Options
	Log     *slog.Logger
	FS      persistence.FS // where full copies go that are loaded from a file
}

// Follower keeps the link to a primary, if there is one.
type Follower struct {
	Config
	Received atomic.Int64 // bytes from primaries, since the start or CONFIG RESETSTAT

	mu struct {
		sync.Mutex
		link *link // nil: there is no primary
	}
	lost atomic.Int64 // seconds since 1970: when a stream was last lost, 0: none was since Forget
}

// New returns a follower without a primary.
func New(c Config) *Follower { return &Follower{Config: c} }

// Target is a primary.
type Target struct {
	Host string
	Port int
	// TakeOver, unless nil, asks it, as a replica of this server that follows it without lag, to
	// become the primary: FAILOVER. The link's goroutine calls it, once, with the answer, but for a
	// link that is told to end before; it must not wait for the link.
	TakeOver func(taken bool)
}

// Follow begins to follow a primary. There is none: Stop comes first.
func (f *Follower) Follow(t Target) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{f: f, target: t, ctx: ctx, cancel: cancel, ended: make(chan struct{})}
	l.downSince.Store(time.Now().Unix())
	l.primary.Store(-1)
	f.mu.Lock()
	f.mu.link = l
	f.mu.Unlock()
	go l.run()
}

// Stop ends the link, if there is one, and waits for that: the caller holds nothing that the
// House needs.
func (f *Follower) Stop() {
	f.mu.Lock()
	l := f.mu.link
	f.mu.link = nil
	f.mu.Unlock()
	if l != nil {
		l.end()
		<-l.ended
	}
}

// Forget is called when the server becomes a primary: that a stream was lost before is of no interest any more.
func (f *Follower) Forget() { f.lost.Store(0) }

// Promise tells the primary that this node of a cluster will not lead for a time (REPLCONF PROMISE).
func (f *Follower) Promise(number int64, d time.Duration) {
	f.mu.Lock()
	l := f.mu.link
	f.mu.Unlock()
	if l != nil && l.getState() == Connected {
		_ = l.write(appendCall(nil, "REPLCONF", "PROMISE", strconv.FormatInt(number, 10), "FOR", strconv.FormatInt(d.Milliseconds(), 10)))
	}
}

var (
	// ErrStopped is what ends a link that is not wanted any more.
	ErrStopped = errors.New("the link is not wanted any more")
	errSilent  = errors.New("the primary was silent for longer than repl-timeout")
)
