package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
)

// House is the server. Its methods are called without any lock.
type House interface {
	// Cut calls at at a moment at which nothing is under way, with the journal locked.
	Cut(at func())
	// Copy begins a copy of the data, and calls at at its cut, as Cut does.
	Copy(want Want, at func()) (Copy, error)
	// Job has run run as soon as no other copy is made, in the background; stop is closed when the
	// server ends, or quit is. While one that was asked for here runs, the error is not nil.
	Job(run func(stop <-chan struct{}) error, quit <-chan struct{}) error
	// Temp is the path of a new file that a copy is written to.
	Temp() (fs persistence.FS, path string)
	// Up tells whether a server that follows another one is connected to it.
	Up() bool
	// Promote makes the server a primary.
	Promote()
	// Heard is called when replicas have acknowledged more than before.
	Heard()
	// Promised tells that a node of the cluster, when it was asked with a number, has promised not to lead for as long.
	Promised(node string, number int64, d time.Duration)
	// Few tells whether there are fewer good replicas than writes need.
	Few(few bool)
}

// Want says what a copy has to be like.
type Want struct {
	NoData      bool // without keys
	NoFunctions bool // without libraries of functions; only with NoData
	Old         bool // for a replica that may be older than Redis 7.2
}

// Copy is a copy of the data in RDB's format: Next appends a piece of it to dst, until it is done.
type Copy interface {
	Next(dst []byte) (out []byte, done bool, err error)
	End()
}

// Config is what a Feed is made from.
type Config struct {
	House   House
	Options *options.Options
	Log     *slog.Logger
	Journal *journal.Journal
	History *replication.History
	Backlog *replication.Backlog
}

// Feed is all replicas of a server.
type Feed struct {
	Config
	mu struct { // below the journal; above Backlog.mu
		sync.Mutex
		replicas []*Replica // that have sent PSYNC or SYNC
		waiting  []*Replica // those of them that need a copy
		since    time.Time  // when the first of them came
		file     *transfer  // the one that runs writes a file: who comes may join
		running  bool       // a transfer is asked for, or runs
		idle     time.Time  // since when there is no replica
		closed   bool
		begun    bool // Feed.run
	}
	quit  chan struct{}
	ended sync.WaitGroup

	quiet atomic.Bool  // see Quiet
	asks  atomic.Bool  // somebody waits for acks
	asked atomic.Int64 // the offset behind the last GETACK
	good  atomic.Int64 // replicas that have acknowledged lately
	stats stats
}

// stats are counted since the start, or the last Reset.
type stats struct{ full, partial, refused, out atomic.Int64 }

// New returns a feed without replicas.
func New(c Config) *Feed {
	f := &Feed{Config: c, quit: make(chan struct{})}
	f.mu.idle = time.Now()
	return f
}

// Open has options looked at, and goes on with a backlog that a file has brought.
func (f *Feed) Open() {
	for _, name := range []string{"min-replicas-to-write", "min-replicas-max-lag"} {
		f.Options.OnChange(name, func() error {
			f.judge(time.Now())
			return nil
		})
	}
	f.judge(time.Now())
	if f.Backlog.Active() {
		f.begin()
	}
}

// begin starts Feed.run, unless it runs.
func (f *Feed) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.begun || f.mu.closed {
		return
	}
	f.mu.begun = true
	f.ended.Add(1)
	go f.run()
}

// Close ends all connections of replicas, and waits for that.
func (f *Feed) Close() {
	f.mu.Lock()
	if f.mu.closed {
		f.mu.Unlock()
		return
	}
	f.mu.closed = true
	f.mu.Unlock()
	close(f.quit)
	f.DropAll(errEnding)
	f.ended.Wait()
}

var (
	errEnding  = errors.New("the server is ending")
	errSilent  = errors.New("the replica is silent for longer than repl-timeout")
	errSlow    = errors.New("the replica lags by more than client-output-buffer-limit allows")
	errOnlyRDB = errors.New("the replica wanted the data, and no stream")
)

// DropAll closes the connections of all replicas: what they follow has changed.
func (f *Feed) DropAll(why error) {
	for _, r := range f.list() {
		r.drop(why)
	}
}

// list is all replicas.
func (f *Feed) list() []*Replica {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.mu.replicas)
}

// Count is how many replicas there are.
func (f *Feed) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.mu.replicas)
}

// leads tells whether the server is a primary.
func (f *Feed) leads() bool { return f.History.Primary() == nil }

// run looks after the replicas until the feed is closed.
func (f *Feed) run() {
	defer f.ended.Done()
	t := time.NewTicker(tick)
	defer t.Stop()
	pinged := time.Now()
	for {
		var now time.Time
		select {
		case <-f.quit:
			return
		case now = <-t.C:
		}
		list := f.list()
		for _, r := range list {
			f.check(r, now)
		}
		if period := time.Duration(f.Options.ReplPingPeriod.Load()) * time.Second; now.Sub(pinged) >= period-tick/2 {
			pinged = now
			if len(list) > 0 && f.leads() && !f.quiet.Load() {
				f.append(ping)
				f.Backlog.Wake()
			}
		}
		f.judge(now)
		f.schedule(now)
		f.expire(now)
		f.Backlog.Resize(f.Options.ReplBacklogSize.Load()) // it may have changed, or lets go of what somebody has read since
	}
}

var (
	ping   = []byte("*1\r\n$4\r\nPING\r\n")
	getAck = []byte("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n")
)

// append appends to the stream what no change of data has made.
func (f *Feed) append(p []byte) {
	f.Journal.Lock()
	defer f.Journal.Unlock()
	if f.Backlog.Active() && f.leads() {
		f.Backlog.AppendLocked(p)
	}
}

// Forward appends calls to the stream that change no data, and are in no AOF (PUBLISH). They are
// sent with what comes after them, or by Flush.
func (f *Feed) Forward(calls []byte) { f.append(calls) }

// Forwards tells whether Forward has anybody to go to: it is cheap.
func (f *Feed) Forwards() bool { return f.Backlog.Active() && f.leads() }

// Flush sends what was appended. Whoever has recorded changes calls it at the end of his turn, when he holds
// no lock.
func (f *Feed) Flush() {
	if f.asks.Load() && f.asks.Swap(false) {
		f.append(getAck)
		f.asked.Store(f.Backlog.Offset())
		for _, r := range f.list() {
			select {
			case r.hurry <- struct{}{}:
			default:
			}
		}
	}
	f.Backlog.Wake()
}

// check closes the connection of a replica that is silent, or lags too much.
func (f *Feed) check(r *Replica, now time.Time) {
	timeout := f.timeout()
	reader := r.reader.Load()
	switch s := r.State(); {
	case reader == nil:
		return
	case reader.Lost(): // its goroutine may be in a write that nobody takes
		r.drop(errSlow)
		return
	case s != Online && s != Settling:
		return
	case !r.request.PSYNC: // an old one, or redis-cli: it acknowledges nothing
	case now.Sub(time.UnixMilli(r.heard.Load())) > timeout:
		r.drop(errSilent)
		return
	}
	lim := f.Options.OutputLimits.Load()[options.ClassReplica]
	reader.SetLimit(f.hardLimit())
	lag := f.Backlog.Offset() - reader.Position()
	if lim.SoftBytes == 0 || lag <= lim.SoftBytes || lag <= f.Options.ReplBacklogSize.Load() {
		r.slowSince = time.Time{}
	} else if r.slowSince.IsZero() {
		r.slowSince = now
	} else if now.Sub(r.slowSince) > time.Duration(lim.SoftMs())*time.Millisecond {
		reader.Drop()
	}
}

// hardLimit is by how many bytes a replica may lag, 0: by any number. What the backlog keeps anyway
// is no reason to cut anybody off.
func (f *Feed) hardLimit() int64 {
	hard := f.Options.OutputLimits.Load()[options.ClassReplica].HardBytes
	if hard == 0 {
		return 0
	}
	return max(hard, f.Options.ReplBacklogSize.Load())
}

func (f *Feed) timeout() time.Duration {
	return time.Duration(f.Options.ReplTimeout.Load()) * time.Second
}

// judge counts the good replicas, and says whether writes need more.
func (f *Feed) judge(now time.Time) {
	least, most := f.Options.MinReplicasToWrite.Load(), f.Options.MinReplicasMaxLag.Load()
	good := int64(0)
	for _, r := range f.list() {
		if r.State() == Online && now.Unix()-r.ackAt.Load()/1000 <= most {
			good++
		}
	}
	f.good.Store(good)
	f.House.Few(least > 0 && most > 0 && good < least)
}

// expire gives the backlog up when nobody has followed for repl-backlog-ttl.
func (f *Feed) expire(now time.Time) {
	ttl := time.Duration(f.Options.ReplBacklogTTL.Load()) * time.Second
	f.mu.Lock()
	due := ttl > 0 && len(f.mu.replicas) == 0 && now.Sub(f.mu.idle) >= ttl
	f.mu.Unlock()
	if !due || !f.Backlog.Active() || !f.leads() {
		return
	}
	f.House.Cut(func() {
		f.mu.Lock()
		due = len(f.mu.replicas) == 0
		f.mu.Unlock()
		if due && f.leads() {
			f.Journal.UnsubscribeLocked(f.Backlog)
			f.Backlog.EndLocked()
			f.History.Renew() // what changes from now on has no offset
		}
	})
	if due {
		f.Log.Info("the replication backlog is given up: nobody has followed", "seconds", int64(ttl.Seconds()))
	}
}

// startLocked begins the stream, if it has not begun: at a cut, with the journal locked.
func (f *Feed) startLocked() {
	if f.Backlog.Active() || !f.leads() {
		return
	}
	f.History.Renew()
	f.Backlog.BeginLocked(f.Options.ReplBacklogSize.Load(), f.Backlog.Offset())
	f.Journal.SubscribeLocked(f.Backlog)
}

// AskAcks has replicas say how far they are: with the next Flush.
func (f *Feed) AskAcks() {
	if f.asked.Load() != f.Backlog.Offset() {
		f.asks.Store(true)
	}
}

// AskPromises has replicas say whether they promise not to lead the cluster's shard.
func (f *Feed) AskPromises(number int64) {
	f.append(resp.AppendCommand(nil, [][]byte{[]byte("REPLCONF"), []byte("GETPROMISE"), strconv.AppendInt(nil, number, 10)}))
	f.Flush()
}

// CaughtUp tells whether a node of the cluster follows that has acknowledged the whole stream.
func (f *Feed) CaughtUp(node string) bool { return f.Reached(node, f.Backlog.Offset()) }

// Reached tells whether a node of the cluster follows that has acknowledged the stream up to an offset.
func (f *Feed) Reached(node string, offset int64) bool {
	return slices.ContainsFunc(f.list(), func(r *Replica) bool { return r.State() == Online && r.Node() == node && r.ack.Load() >= offset })
}

// Quiet keeps the feed from lengthening the stream by itself: a replica is to reach its end.
func (f *Feed) Quiet(on bool) { f.quiet.Store(on) }

// Acked is how many replicas have the stream up to an offset; durable: in their AOF.
func (f *Feed) Acked(offset int64, durable bool) (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.mu.replicas {
		if r.State() != Online {
			continue
		}
		have := r.ack.Load()
		if durable {
			have = r.ackAOF.Load()
		}
		if have >= offset {
			n++
		}
	}
	return n
}

// remove takes a replica off the lists.
func (f *Feed) remove(r *Replica) {
	f.mu.Lock()
	same := func(o *Replica) bool { return o == r }
	f.mu.replicas = slices.DeleteFunc(f.mu.replicas, same)
	f.mu.waiting = slices.DeleteFunc(f.mu.waiting, same)
	if len(f.mu.replicas) == 0 {
		f.mu.idle = time.Now()
	}
	f.mu.Unlock()
	f.judge(time.Now())
}

// Refuse says why a replica cannot be served now, "" if it can.
func (f *Feed) Refuse(r *Replica, q command.SyncRequest) string {
	switch fact := r.fact(); {
	case q.TakeOver && f.leads():
		return "ERR PSYNC FAILOVER can't be sent to a master."
	case q.TakeOver && !strings.EqualFold(q.ID, f.History.IDs().ID):
		return "ERR PSYNC FAILOVER replid must match my replid."
	case q.TakeOver:
		return ""
	case !f.leads() && !f.House.Up():
		return "NOMASTERLINK Can't SYNC while not connected with my master"
	case fact.want.NoData && !fact.eof:
		return "ERR Filtered replica requires EOF capability"
	}
	return ""
}

// partial returns a reader of what the replica lacks, nil if it needs everything.
func (f *Feed) partial(r *Replica) *replication.Reader {
	q := r.request
	if !q.PSYNC || q.ID == "?" {
		return nil
	}
	why := f.History.Differs(q.ID, q.Offset-1)
	if why == "" {
		if reader := f.Backlog.Read(q.Offset-1, f.hardLimit()); reader != nil {
			f.stats.partial.Add(1)
			f.Log.Info("a replica goes on where it was", "replica", r.Addr(), "offset", q.Offset, "bytes", f.Backlog.Offset()-q.Offset+1)
			return reader
		}
		n := f.Backlog.Numbers()
		why = fmt.Sprintf("it wants the stream from offset %d on, the backlog has it from %d to %d (repl-backlog-size)", q.Offset, n.First+1, n.Offset)
		if !n.Active {
			why = "there is no backlog"
		}
	}
	f.stats.refused.Add(1)
	f.Log.Info("a replica cannot go on where it was", "replica", r.Addr(), "because", why)
	return nil
}
