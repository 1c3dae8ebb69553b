package compat

import (
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestFollowCut has a replica follow through a proxy that cuts the connection at every phase: within the handshake, the
// full copy and the stream. Where the backlog has what is missing, the stream goes on; in the end it has the same as another
// replica whose connection was never cut. COMPAT_CUTS says how many cuts there
// are: make soak has hundreds, and Kring follow Kring as well.
func TestFollowCut(t *testing.T) {
	cuts := int64(envNumber(t, "COMPAT_CUTS", cutsCount))
	many := cuts > cutsCount
	oracle, subject := harness.OracleBin(t), harness.SubjectBin(t)
	for _, pair := range []struct{ name, primary, replica string }{
		{"Kring follows redis-server", oracle, subject}, {"redis-server follows Kring", subject, oracle}, {"Kring follows Kring", subject, subject},
	} {
		if pair.primary == pair.replica && !many {
			continue // the other two have each half of it
		}
		t.Run(pair.name, func(t *testing.T) { followCut(t, pair.primary, pair.replica, cuts) })
	}
}

func followCut(t *testing.T, primaryBin, replicaBin string, cuts int64) {
	seed := uint64(envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000))
	t.Logf("seed %d", seed)
	primary := launchWith(t, primaryBin, t.TempDir(), append(serverArgs(), "--repl-diskless-sync-delay", "0", "--repl-backlog-size", "10mb")...)
	writeSequences(primary, seed)
	p := newCutter(t, primary.Server.Addr)
	model := launchWith(t, harness.OracleBin(t), t.TempDir(), append(serverArgs(), "--replicaof", "127.0.0.1", strconv.Itoa(primary.Server.Port))...)
	awaitOffsets(t, primary, model)
	replica := launchWith(t, replicaBin, t.TempDir(), append(serverArgs(), "--replicaof", "127.0.0.1", strconv.Itoa(p.port))...)
	for n := uint64(1); p.count.Load() < cuts && n < 5*uint64(cuts); n++ {
		writeSequences(primary, seed+1000*n)
	}
	p.whole.Store(true)
	p.cutAll()
	awaitOffsets(t, primary, model)
	awaitOffsets(t, primary, replica)
	// A primary does not tell that pending entries were read again, nor in every case how many a group has
	// read: a replica learns it by a full copy, of which the two have had different ones.
	want, got := dumpOf(t, model), dumpOf(t, replica)
	forgetOfStreams(want, "pending", "pel-count", "entries-read", "lag")
	forgetOfStreams(got, "pending", "pel-count", "entries-read", "lag")
	compareDumps(t, "followed with cuts", want, got)
	partial, full := numberOf(t, primary, "sync_partial_ok"), numberOf(t, primary, "sync_full")
	t.Logf("%d connections, %d partial and %d full copies", p.count.Load(), partial, full)
	if p.count.Load() < cuts || partial < cuts/4 {
		t.Errorf("%d connections were cut, %d went on in the stream", p.count.Load(), partial)
	}
	endSide(t, replica)
	endSide(t, model)
	endSide(t, primary)
}

// cutsCount is how many connections are cut by default.
const cutsCount = 20

// cutter is a proxy whose connections break after some bytes from the primary.
type cutter struct {
	port  int
	to    string
	whole atomic.Bool // no more cuts
	count atomic.Int64
	mu    sync.Mutex
	open  map[net.Conn]bool
}

func newCutter(t *testing.T, to string) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &cutter{port: l.Addr().(*net.TCPAddr).Port, to: to, open: map[net.Conn]bool{}}
	var ended sync.WaitGroup
	ended.Add(1)
	go func() {
		defer ended.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			ended.Add(1)
			go func() {
				defer ended.Done()
				p.serve(c, int(p.count.Add(1)))
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		p.cutAll()
		ended.Wait()
	})
	return p
}

// serve forwards the connection number n. The first ones break within the handshake and the full copy,
// later ones by turns there and in the stream.
func (p *cutter) serve(c net.Conn, n int) {
	defer p.forget(c)
	up, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer p.forget(up)
	p.mu.Lock()
	p.open[c], p.open[up] = true, true
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(up, c)
		up.Close()
	}()
	limit := int64(n * n * 300)
	if n > 8 {
		limit = [3]int64{int64(n*13) % 200, 500_000, int64(500 + n*977)}[n%3]
	}
	if p.whole.Load() {
		limit = 1 << 60
	}
	_, _ = io.CopyN(c, up, limit)
}

func (p *cutter) forget(c net.Conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	c.Close()
}

// cutAll breaks all connections.
func (p *cutter) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}
