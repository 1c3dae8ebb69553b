package feed

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence"
)

// transfer is one copy for several replicas.
type transfer struct {
	f        *Feed
	straight bool // else by a file
	want     Want
	id       string // of the history
	offset   int64  // of the cut
	mark     string // behind a copy that is sent straight

	// Of a file.
	fs   persistence.FS
	path string
	size int64
	made chan struct{} // closed when it is whole, or never will be
	err  error         // then
	refs atomic.Int64  // who may read it, and the transfer itself; the last one removes it

	receivers []*Replica
	spare     chan *chunk
}

// chunk is a piece of a copy, which all that receive it share.
type chunk struct {
	b    []byte
	last bool
	err  error
	refs atomic.Int64
	home chan *chunk
}

// done tells that somebody has done with the chunk.
func (c *chunk) done() {
	if c.refs.Add(-1) == 0 {
		select {
		case c.home <- c:
		default:
		}
	}
}

// straightFor tells whether a replica is sent the copy as it is made. One that is not whole is, as in Redis.
func (f *Feed) straightFor(r *Replica) bool {
	fact := r.fact()
	return fact.eof && (fact.want.NoData || f.Options.ReplDisklessSync.Load())
}

// alike tells whether one copy will do for both.
func (f *Feed) alike(a, b *Replica) bool {
	return f.straightFor(a) == f.straightFor(b) && a.fact().want == b.fact().want
}

// enqueue has the replica be part of the next transfer, or of the file that is being made.
func (f *Feed) enqueue(r *Replica) {
	r.state.Store(int32(Waiting))
	f.stats.full.Add(1)
	f.mu.Lock()
	if t := f.mu.file; t != nil && !f.straightFor(r) && t.want == r.fact().want {
		if reader := f.Backlog.Read(t.offset, f.hardLimit()); reader != nil {
			t.join(r, reader)
			f.mu.Unlock()
			return
		}
	}
	if len(f.mu.waiting) == 0 {
		f.mu.since = time.Now()
	}
	f.mu.waiting = append(f.mu.waiting, r)
	f.mu.Unlock()
	f.schedule(time.Now())
}

// schedule asks for a transfer if it is time for one.
func (f *Feed) schedule(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.running || f.mu.closed || len(f.mu.waiting) == 0 {
		return
	}
	first, n := f.mu.waiting[0], int64(0)
	for _, r := range f.mu.waiting {
		if f.alike(first, r) {
			n++
		}
	}
	if f.straightFor(first) {
		delay := time.Duration(f.Options.ReplDisklessDelay.Load()) * time.Second
		most := f.Options.ReplDisklessMaxReplicas.Load()
		if now.Sub(f.mu.since) < delay && (most == 0 || n < most) {
			return
		}
	}
	f.mu.running = true
	f.ended.Add(1)
	go func() {
		defer f.ended.Done()
		err := f.House.Job(f.transfer, f.quit)
		f.over()
		if err == nil || errors.Is(err, errNobodyLeft) {
			f.schedule(time.Now())
		} // else run does that, at its next tick
	}()
}

// over lets the next transfer begin.
func (f *Feed) over() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.running, f.mu.file = false, nil
	f.mu.since = time.Now().Add(-time.Hour) // who has waited meanwhile has waited enough
}

// transfer is the job: it makes the copy for all who wait, and are alike.
func (f *Feed) transfer(stop <-chan struct{}) error {
	select {
	case <-stop:
		return errEnding
	default:
	}
	f.mu.Lock()
	if len(f.mu.waiting) == 0 {
		f.mu.Unlock()
		return nil
	}
	first := f.mu.waiting[0]
	f.mu.Unlock()
	t := &transfer{f: f, straight: f.straightFor(first), want: first.fact().want, made: make(chan struct{})}
	t.mark = replication.NewID()
	t.refs.Store(1)
	t.spare = make(chan *chunk, spareChunks)
	t.fs, t.path = f.House.Temp()
	begin := time.Now()
	c, err := f.House.Copy(t.want, func() { t.cut(first) })
	if err != nil {
		f.Log.Error("a full synchronisation cannot begin", "error", err)
		return err
	}
	defer c.End()
	how := "straight"
	if !t.straight {
		how = "by a file"
	}
	f.Log.Info("full synchronisation", "replicas", t.refs.Load()-1, "how", how, "offset", t.offset)
	bytes := int64(0)
	if t.straight {
		bytes, err = t.stream(c, stop)
	} else {
		bytes, err = t.write(c, stop)
	}
	if err != nil {
		f.Log.Error("a full synchronisation has failed", "error", err)
		return err
	}
	f.Log.Info("the copy for replicas is made", "bytes", bytes, "seconds", time.Since(begin).Seconds())
	return nil
}

// cut is called at the cut, with the journal locked: the stream goes on from here for all that wait.
func (t *transfer) cut(first *Replica) {
	f := t.f
	f.startLocked()
	t.id, t.offset = f.History.IDs().ID, f.Backlog.Offset()
	if f.leads() {
		f.Backlog.SetDBLocked(-1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.waiting = slices.DeleteFunc(f.mu.waiting, func(r *Replica) bool {
		if r != first && !f.alike(first, r) {
			return false
		}
		if reader := f.Backlog.Read(t.offset, f.hardLimit()); reader != nil {
			t.join(r, reader)
		} else {
			go r.drop(errors.New("there is no stream to follow")) // a replica that has lost its primary
		}
		return true
	})
	if !t.straight {
		f.mu.file = t
	}
}

// join makes a replica part of the transfer. Feed.mu is held.
func (t *transfer) join(r *Replica, reader *replication.Reader) {
	r.reader.Store(reader)
	if t.straight {
		t.receivers = append(t.receivers, r)
	}
	t.refs.Add(1)
	r.turn <- t
}

// stream hands the copy to all receivers, piece by piece, as fast as the slowest takes it.
func (t *transfer) stream(c Copy, stop <-chan struct{}) (bytes int64, err error) {
	for last := false; !last; {
		select {
		case <-stop:
			err = errEnding
		default:
		}
		ch := t.chunk()
		if err == nil {
			ch.b, last, err = c.Next(ch.b[:0])
		}
		ch.err, ch.last = err, last || err != nil
		bytes += int64(len(ch.b))
		if len(ch.b) == 0 && !ch.last {
			t.spare <- ch
			continue
		}
		last = ch.last
		ch.refs.Store(int64(len(t.receivers)))
		t.receivers = slices.DeleteFunc(t.receivers, func(r *Replica) bool {
			select {
			case r.chunks <- ch:
				return false
			case <-r.gone:
				ch.done()
				return true
			}
		})
		if len(t.receivers) == 0 {
			return bytes, errNobodyLeft
		}
	}
	return bytes, err
}

// errNobodyLeft is what ends a copy whose replicas have all gone: for those who have come meanwhile it is no reason to wait.
var errNobodyLeft = errors.New("no replica is left")

// chunk returns a free one.
func (t *transfer) chunk() *chunk {
	select {
	case c := <-t.spare:
		return c
	default:
		return &chunk{home: t.spare}
	}
}

// write writes the copy to the file. Nobody joins any more when it is written: the last of those who have
// removes it.
func (t *transfer) write(c Copy, stop <-chan struct{}) (int64, error) {
	t.size, t.err = t.fill(c, stop)
	t.f.mu.Lock()
	t.f.mu.file = nil
	t.f.mu.Unlock()
	close(t.made)
	t.release()
	return t.size, t.err
}

func (t *transfer) fill(c Copy, stop <-chan struct{}) (size int64, err error) {
	to, err := t.fs.Create(t.path)
	if err != nil {
		return 0, err
	}
	var buf []byte
	for done := false; !done && err == nil; {
		select {
		case <-stop:
			err = errEnding
			continue
		default:
		}
		buf, done, err = c.Next(buf[:0])
		if err == nil {
			_, err = to.Write(buf)
			size += int64(len(buf))
		}
	}
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	return size, err
}

// release removes the file, if it is one, when nobody reads it any more.
func (t *transfer) release() {
	if t.refs.Add(-1) == 0 && !t.straight {
		_ = t.fs.Remove(t.path) // the next one replaces it otherwise
	}
}

// drain lets go of the pieces that the replica has not taken.
func (r *Replica) drain() {
	for {
		select {
		case c := <-r.chunks:
			c.done()
		case t := <-r.turn:
			t.release()
		default:
			return
		}
	}
}

// fullSync waits for a copy, and sends it. When it returns nil the stream is to follow.
func (r *Replica) fullSync() error {
	r.f.enqueue(r)
	t, err := r.await()
	if err != nil {
		return err
	}
	switch err := r.take(t); {
	case err != nil:
		return err
	case r.fact().rdbOnly:
		return r.part()
	case t.straight:
		return r.settle()
	}
	return nil
}

// take sends what a transfer brings.
func (r *Replica) take(t *transfer) error {
	defer t.release()
	r.state.Store(int32(Receiving))
	if r.request.PSYNC {
		if err := r.write(fmt.Appendf(nil, "+FULLRESYNC %s %d\r\n", t.id, t.offset)); err != nil {
			return err
		}
	}
	if t.straight {
		return r.receive(t)
	}
	return r.receiveFile(t)
}

// await waits for a transfer; the replica is sent newlines meanwhile.
func (r *Replica) await() (*transfer, error) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case tr := <-r.turn:
			return tr, nil
		case <-r.gone:
			return nil, errGone
		case <-t.C:
			if err := r.write([]byte("\n")); err != nil {
				return nil, err
			}
		}
	}
}

// receive sends the pieces of a transfer as they come.
func (r *Replica) receive(t *transfer) error {
	if err := r.write([]byte("$EOF:" + t.mark + "\r\n")); err != nil {
		return err
	}
	for {
		var c *chunk
		select {
		case c = <-r.chunks:
		case <-r.gone:
			return errGone
		}
		last, err := c.last, c.err
		if err == nil {
			err = r.write(c.b)
		}
		r.sent(int64(len(c.b)))
		c.done()
		if err != nil {
			return err
		}
		if last {
			select { // what it has acknowledged before
			case <-r.acked:
			default:
			}
			return r.write([]byte(t.mark))
		}
	}
}

// sent counts n bytes of a copy.
func (r *Replica) sent(n int64) {
	r.copied.Add(n)
	r.f.stats.out.Add(n)
}

// receiveFile sends a transfer's file when it is made.
func (r *Replica) receiveFile(t *transfer) error {
	tick := time.NewTicker(tick)
	defer tick.Stop()
	for made := false; !made; {
		select {
		case <-t.made:
			made = true
		case <-r.gone:
			return errGone
		case <-tick.C:
			if err := r.write([]byte("\n")); err != nil {
				return err
			}
		}
	}
	if t.err != nil {
		return t.err
	}
	in, err := t.fs.Open(t.path)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := r.write([]byte("$" + strconv.FormatInt(t.size, 10) + "\r\n")); err != nil {
		return err
	}
	for left := t.size; left > 0; {
		if err := r.out.SetWriteDeadline(time.Now().Add(r.f.timeout())); err != nil {
			return err
		}
		select {
		case <-r.gone:
			return errGone
		default:
		}
		n, err := io.CopyN(r.out, in, min(left, fileBytes))
		left -= n
		r.sent(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// settle waits for the replica to say that it has loaded the copy.
func (r *Replica) settle() error {
	now := time.Now().UnixMilli()
	r.heard.Store(now)
	r.state.Store(int32(Settling))
	select {
	case <-r.acked:
		return nil
	case <-r.gone:
		return errGone
	}
}

// part lets the replica, which wanted no stream, close the connection.
func (r *Replica) part() error {
	select {
	case <-r.gone:
	case <-time.After(endWait):
	}
	return errOnlyRDB
}
