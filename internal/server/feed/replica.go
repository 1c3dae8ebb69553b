package feed

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/replication"
)

// State is how far a replica is.
type State int32

const (
	Talking   State = iota // it has not asked for anything
	Waiting                // for a copy
	Receiving              // a copy is on its way
	Settling               // the copy is out; the replica loads it
	Online                 // it is sent the stream
)

// Peer is the connection of a replica. Any goroutine may call it.
type Peer interface {
	Addr() string // ip:port
	Hangup(err error)
}

// facts are what a replica says of itself.
type facts struct {
	ip          string // "": that of the connection
	port        int
	node        string // its id in a cluster
	eof, psync2 bool   // it understands a copy whose length is not told, and CONTINUE with an id
	rdbOnly     bool   // it wants no stream
	want        Want
}

// Replica is one connection. Any goroutine may call its methods, but for those that say otherwise.
type Replica struct {
	f       *Feed
	peer    Peer
	request command.SyncRequest
	out     net.Conn
	rest    []byte // what is to be sent first

	state  atomic.Int32
	ack    atomic.Int64 // offset
	ackAOF atomic.Int64
	ackAt  atomic.Int64 // milliseconds since 1970
	heard  atomic.Int64 // the same, of anything that it has sent
	copied atomic.Int64 // bytes of a copy that it has been sent
	reader atomic.Pointer[replication.Reader]

	turn   chan *transfer // it takes part in this one
	chunks chan *chunk    // pieces of it
	acked  chan struct{}  // has something after an ack
	hurry  chan struct{}  // has something when it is not to rest, see pace
	gone   chan struct{}  // closed when the connection is over
	once   sync.Once

	slowSince time.Time // Feed.run's

	mu struct { // innermost
		sync.Mutex
		facts facts
		cause error // why it was dropped
	}
}

// NewReplica returns a replica that has not asked for anything yet.
func (f *Feed) NewReplica(p Peer) *Replica {
	r := &Replica{
		f: f, peer: p, turn: make(chan *transfer, 1), chunks: make(chan *chunk, queuedChunks), acked: make(chan struct{}, 1),
		hurry: make(chan struct{}, 1),
		gone:  make(chan struct{}),
	}
	r.mu.facts.want.Old = true
	return r
}

func (r *Replica) fact() facts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.facts
}

// say changes what is known of the replica.
func (r *Replica) say(f func(*facts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.mu.facts)
}

// SetPort, and those that follow, note what REPLCONF says.
func (r *Replica) SetPort(n int)     { r.say(func(f *facts) { f.port = n }) }
func (r *Replica) SetIP(ip string)   { r.say(func(f *facts) { f.ip = ip }) }
func (r *Replica) SetNode(id string) { r.say(func(f *facts) { f.node = id }) }
func (r *Replica) SetEOF()           { r.say(func(f *facts) { f.eof = true }) }
func (r *Replica) SetPSYNC2()        { r.say(func(f *facts) { f.psync2 = true }) }
func (r *Replica) SetKnown()         { r.say(func(f *facts) { f.want.Old = false }) } // it tells its version
func (r *Replica) SetRDBOnly(on bool) {
	r.say(func(f *facts) { f.rdbOnly = on })
}
func (r *Replica) SetFilter(functions bool) {
	r.say(func(f *facts) { f.want.NoData, f.want.NoFunctions = true, !functions })
}

// State is how far it is.
func (r *Replica) State() State { return State(r.state.Load()) }

// Addr is the address that the replica can be reached at, as far as it is known.
func (r *Replica) Addr() string {
	ip, port := r.Endpoint()
	return fmt.Sprintf("%s:%d", ip, port)
}

// Endpoint is the same in two parts.
func (r *Replica) Endpoint() (ip string, port int) {
	f := r.fact()
	if f.ip != "" {
		return f.ip, f.port
	}
	host, _, err := net.SplitHostPort(r.peer.Addr())
	if err != nil {
		return r.peer.Addr(), f.port
	}
	return host, f.port
}

// Node is its id in a cluster, empty if it has not said.
func (r *Replica) Node() string { return r.fact().node }

// Promise notes REPLCONF PROMISE.
func (r *Replica) Promise(number, ms int64) {
	r.f.House.Promised(r.Node(), number, time.Duration(ms)*time.Millisecond)
}

// Lag is how many bytes of the stream it has not been sent yet.
func (r *Replica) Lag() int64 {
	reader := r.reader.Load()
	if reader == nil {
		return 0
	}
	return max(r.f.Backlog.Offset()-reader.Position(), 0)
}

// Heard notes that the replica has sent something.
func (r *Replica) Heard(nowMs int64) { r.heard.Store(nowMs) }

// Acknowledge notes up to which offset the replica has the stream, and has it in its AOF, -1: it does
// not say. What it claims to have beyond the stream's end it has not: else WAIT would count it for ever.
func (r *Replica) Acknowledge(offset, durable, nowMs int64) {
	end := r.f.Backlog.Offset()
	offset, durable = min(offset, end), min(durable, end)
	more := offset > r.ack.Load() || durable > r.ackAOF.Load()
	r.ack.Store(max(offset, r.ack.Load()))
	r.ackAOF.Store(max(durable, r.ackAOF.Load()))
	r.ackAt.Store(nowMs)
	select {
	case r.acked <- struct{}{}:
	default:
	}
	if more {
		r.f.House.Heard()
	}
}

// Start makes the connection a replica's, which is served by a goroutine from now on; it writes to out,
// rest first, and closes it. The session's reactor calls it, and Gone when the connection is over.
func (r *Replica) Start(q command.SyncRequest, out net.Conn, rest []byte) {
	f := r.f
	r.request, r.out, r.rest = q, out, rest
	now := time.Now().UnixMilli()
	r.heard.Store(now)
	r.ackAt.Store(now)
	if t := tcpOf(out); t != nil && f.Options.ReplDisableTCPNoDelay.Load() {
		_ = t.SetNoDelay(false) // it is slower otherwise, and no more than that
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.closed {
		r.Gone()
		_ = out.Close()
		return
	}
	f.ended.Add(1)
	go r.run()
}

// enlist puts the replica on the list; it fails if there is none any more.
func (f *Feed) enlist(r *Replica) bool {
	f.mu.Lock()
	if f.mu.closed {
		f.mu.Unlock()
		return false
	}
	f.mu.replicas = append(f.mu.replicas, r)
	f.mu.Unlock()
	f.begin()
	return true
}

// tcpOf is the TCP connection beneath, nil if there is none.
func tcpOf(c net.Conn) *net.TCPConn {
	for {
		t, ok := c.(*net.TCPConn)
		if ok {
			return t
		}
		over, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = over.NetConn()
	}
}

// Gone tells that the connection is over.
func (r *Replica) Gone() {
	r.once.Do(func() {
		close(r.gone)
		if r.out != nil {
			_ = r.out.SetWriteDeadline(time.Unix(1, 0)) // a write that is under way ends
		}
	})
}

// drop closes the connection.
func (r *Replica) drop(why error) {
	r.Blame(why)
	r.peer.Hangup(why)
}

// Blame notes why the connection ends, unless that is known.
func (r *Replica) Blame(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.cause == nil {
		r.mu.cause = why
	}
}

var errGone = errors.New("the connection is closed")

// run serves the replica until its connection is over.
func (r *Replica) run() {
	f := r.f
	defer f.ended.Done()
	err := errEnding
	if r.request.TakeOver {
		f.House.Promote() // which drops all that are on the list
	}
	if f.enlist(r) {
		err = r.serve()
	}
	f.remove(r)
	if reader := r.reader.Load(); reader != nil {
		reader.Close()
	}
	r.drain()
	r.drop(err)
	_ = r.out.Close()
	r.mu.Lock()
	cause := r.mu.cause
	r.mu.Unlock()
	f.Log.Info("the connection to a replica is over", "replica", r.Addr(), "because", cause)
}

func (r *Replica) serve() error {
	if err := r.write(r.rest); err != nil {
		return err
	}
	r.rest = nil
	if reader := r.f.partial(r); reader != nil {
		r.reader.Store(reader)
		answer := "+CONTINUE\r\n"
		if r.fact().psync2 {
			answer = "+CONTINUE " + r.f.History.IDs().ID + "\r\n"
		}
		if err := r.write([]byte(answer)); err != nil {
			return err
		}
	} else {
		if err := r.fullSync(); err != nil {
			return err
		}
	}
	return r.follow()
}

// write writes p; it gives up when the replica takes nothing for repl-timeout.
func (r *Replica) write(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), writeBytes)
		if err := r.out.SetWriteDeadline(time.Now().Add(r.f.timeout())); err != nil {
			return err
		}
		select {
		case <-r.gone: // else the deadline that ends everything is lost
			return errGone
		default:
		}
		if _, err := r.out.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// follow sends the stream.
func (r *Replica) follow() error {
	r.state.Store(int32(Online))
	now := time.Now()
	r.ackAt.Store(now.UnixMilli())
	r.heard.Store(now.UnixMilli())
	r.f.judge(now)
	r.f.Log.Info("a replica is online", "replica", r.Addr())
	if err := r.out.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	select {
	case <-r.gone:
		return errGone
	default:
	}
	return r.stream(r.reader.Load())
}

// stream sends what the reader reads.
func (r *Replica) stream(reader *replication.Reader) error {
	var bufs net.Buffers
	var last time.Time // of the last write
	rest := time.NewTimer(time.Hour)
	defer rest.Stop()
	for {
		if r.f.Backlog.Offset()-reader.Position() < paceBytes {
			if left := pace - time.Since(last); left > 0 {
				rest.Reset(left)
				select {
				case <-rest.C:
				case <-r.hurry:
				case <-r.gone:
					return errGone
				}
			}
		}
		views := reader.Next(streamBytes)
		if len(views) > 0 {
			bufs = append(bufs[:0], views...)
			left := bufs
			n, err := left.WriteTo(r.out)
			clear(bufs)
			r.f.stats.out.Add(n)
			reader.Done(int(n))
			if err != nil {
				return err
			}
			last = time.Now()
			continue
		}
		if reader.Lost() {
			return errSlow
		}
		select {
		case <-reader.Ready():
			reader.Awake()
		case <-r.gone:
			reader.Awake()
			return errGone
		}
	}
}
