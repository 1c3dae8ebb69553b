package resp

import (
	"bytes"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
)

// nodeSource is a Source of tiny nodes, each its own allocation, so that arguments
// straddle. Discarded bytes are mangled at once, as a reused node's would be.
type nodeSource struct {
	nodes [][]byte
	size  int // bytes per node; 0: every write is a node of its own
	room  int // bytes free in the last node
	n     int
	peeks int // PeekAt calls
}

func (s *nodeSource) Len() int { return s.n }

func (s *nodeSource) PeekAt(off int) []byte {
	s.peeks++
	for _, b := range s.nodes {
		if off < len(b) {
			return b[off:]
		}
		off -= len(b)
	}
	return nil
}

func (s *nodeSource) Discard(n int) {
	s.n -= n
	for n > 0 {
		b := s.nodes[0]
		k := min(n, len(b))
		for i := range b[:k] {
			b[i] = 0xEE
		}
		s.nodes[0] = b[k:]
		if k == len(b) {
			s.nodes = s.nodes[1:]
		}
		n -= k
	}
	if len(s.nodes) == 0 {
		s.room = 0
	}
}

func (s *nodeSource) write(data []byte) {
	s.n += len(data)
	for len(data) > 0 {
		if s.room == 0 {
			s.room = s.size
			if s.size == 0 {
				s.room = len(data)
			}
			s.nodes = append(s.nodes, make([]byte, 0, s.room))
		}
		last := len(s.nodes) - 1
		k := min(s.room, len(data))
		s.nodes[last] = append(s.nodes[last], data[:k]...)
		s.room -= k
		data = data[k:]
	}
}

// feedResult is what a client's bytes came to.
type feedResult struct {
	cmds [][]string
	wire []int
	err  string
}

// feed sends data to a fresh parser in the given pieces, and checks the contract along
// the way: batch sizes, wire bytes, no memory left behind.
type feeder struct {
	tb     testing.TB
	p      Parser
	b      *Batch
	src    *nodeSource
	lim    Limits
	max    int // commands per Parse
	direct bool
	whole  []bool // which commands have their text on the wire: that depends on how the pieces came
	feedResult
}

func newFeeder(tb testing.TB, nodeBytes int, lim Limits) *feeder {
	return &feeder{tb: tb, b: GetBatch(), src: &nodeSource{size: nodeBytes}, lim: lim, max: MaxBatch}
}

// write delivers one piece; with direct, a waiting big bulk takes it without the source.
func (f *feeder) write(data []byte) {
	for f.direct && len(data) > 0 && f.src.Len() == 0 {
		dst := f.p.Direct()
		if dst == nil {
			break
		}
		n := copy(dst, data)
		data = data[n:]
		f.p.Filled(n)
		f.run()
	}
	f.src.write(data)
	f.run()
}

// run parses and "executes" until nothing more comes.
func (f *feeder) run() {
	for f.err == "" {
		before := f.b.N
		err := f.p.Parse(f.src, f.b, f.max, &f.lim)
		if f.b.N > MaxBatch || f.b.N-before > f.max {
			f.tb.Fatalf("batch of %d, had %d, max %d", f.b.N, before, f.max)
		}
		if f.b.Bytes > f.src.Len() {
			f.tb.Fatalf("batch takes %d bytes of %d", f.b.Bytes, f.src.Len())
		}
		for i := range f.b.N {
			c := &f.b.Cmds[i]
			cmd := make([]string, len(c.Args))
			for j, a := range c.Args {
				if a == nil {
					f.tb.Fatalf("argument %d of %q is nil", j, c.Args)
				}
				cmd[j] = string(a)
			}
			f.cmds = append(f.cmds, cmd)
			f.wire = append(f.wire, c.WireBytes)
			wire := c.Wire()
			if wire != nil && !bytes.Equal(wire, AppendCommand(nil, c.Args)) {
				f.tb.Fatalf("%q is said to be on the wire as %q", c.Args, wire)
			}
			f.whole = append(f.whole, wire != nil)
		}
		n := f.b.N
		f.p.Done(f.src, f.b)
		if err != nil {
			f.err = err.Error()
		}
		if n == 0 {
			return
		}
	}
}

// end closes the connection.
func (f *feeder) end() feedResult {
	f.p.Reset()
	if f.p.Buffered() != 0 {
		f.tb.Fatalf("%d bytes buffered after Reset", f.p.Buffered())
	}
	f.b.Release()
	return f.feedResult
}

// parseWhole parses data that lies in one node.
func parseWhole(tb testing.TB, data []byte, lim Limits) feedResult {
	f := newFeeder(tb, 0, lim)
	f.write(data)
	return f.end()
}

func TestSliceSource(t *testing.T) {
	data := []byte("*1\r\n$4\r\nPING\r\nECHO 'a b'\r\n*1\r\n$4\r\nQU")
	src := SliceSource(data)
	var p Parser
	b := GetBatch()
	defer b.Release()
	lim := DefaultLimits()
	if err := p.Parse(&src, b, MaxBatch, &lim); err != nil || b.N != 2 {
		t.Fatal(err, b.N)
	}
	if string(b.Cmds[1].Args[1]) != "a b" {
		t.Fatalf("%q", b.Cmds[1].Args)
	}
	p.Done(&src, b)
	if string(src) != "*1\r\n$4\r\nQU" {
		t.Fatalf("%q", string(src))
	}
	p.Reset()
}

func TestReleasedScratchIsMangled(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("needs -tags invariants")
	}
	f := newFeeder(t, 3, DefaultLimits())
	f.src.write([]byte("*1\r\n$4\r\nPING\r\n"))
	if err := f.p.Parse(f.src, f.b, 1, &f.lim); err != nil || f.b.N != 1 {
		t.Fatal(err, f.b.N)
	}
	stale := f.b.Cmds[0].Args[0]
	args := f.b.Cmds[0].Args
	f.p.Done(f.src, f.b)
	if string(stale) == "PING" || args[0] != nil {
		t.Fatalf("stale view still reads %q, slot %q", stale, args[0])
	}
	f.end()
}
