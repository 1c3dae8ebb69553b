package resp

import (
	"bytes"
	"sync"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

// stage is what a partial waits for.
type stage uint8

const (
	stageStart  stage = iota // its first byte
	stageInline              // the end of an inline line
	stageCount               // the end of the "*n" line
	stageLen                 // the end of a "$n" line
	stageBulk                // the bytes of a bulk, in the source
	stageBig                 // the bytes of a bulk, in big
)

// stepState is the outcome of partial.step.
type stepState uint8

const (
	stepWaits stepState = iota // for more bytes
	stepDone                   // the command is complete
	stepEmpty                  // the command is complete and has no arguments
)

// partial is the state of one command that run did not take. All of its bytes up to
// the offset at were looked at; those before drained have left the source.
type partial struct {
	args    [][]byte
	owned   int // args[:owned] are in mem, the rest are views or in mem
	want    int // arguments still to come, including the one in progress
	need    int // stageBulk, stageBig: length of the bulk with its line end
	at      int // bytes of the command that were parsed and are still in the source
	drained int // bytes of the command that left the source, or passed it by (Direct)
	mem     memory
	big     *scratch // stageBig: the destination, filled up to its length

	stage  stage
	cr     bool // a header line's CR was seen; its second byte is missing
	nul    bool // the line holds a NUL: like Redis, find no line end behind it
	line   int  // bytes of the current line seen so far
	header [headerKeepBytes]byte
	inline []byte // the part of an inline line that lies in earlier nodes or reads

	next *partial // in Batch.parts
}

var partialPool = sync.Pool{New: func() any { return new(partial) }}

// emptyArg is what an empty argument is a view of.
var emptyArg = []byte{}

func getPartial() *partial { return partialPool.Get().(*partial) }

// free gives the partial and all its memory back to the pools.
func (p *partial) free() {
	p.mem.free()
	if p.big != nil {
		p.big.free()
	}
	args := p.args
	if cap(args) > keptPartialArgs {
		args = nil
	}
	clear(args)
	*p = partial{args: args[:0]}
	partialPool.Put(p)
}

// bytes is how much memory the partial holds.
func (p *partial) bytes() int {
	n := p.mem.held + cap(p.args)*int(unsafe.Sizeof([]byte(nil)))
	if p.big != nil {
		n += cap(p.big.buf)
	}
	return n
}

// step goes on with the command, from the cursor (which stands at offset at).
func (p *partial) step(c *cursor, b *Batch, lim *Limits) (stepState, *ProtoError) {
	for {
		ready, err := false, (*ProtoError)(nil)
		switch p.stage {
		case stageStart:
			if !c.more() {
				return stepWaits, nil
			}
			p.stage = stageInline
			if c.buf[c.pos] == '*' {
				p.stage = stageCount
			}
			continue
		case stageInline:
			return p.stepInline(c, lim)
		case stageCount:
			ready, err = p.stepCount(c, lim)
			if ready && p.want == 0 {
				return stepEmpty, err
			}
		case stageLen:
			ready, err = p.stepLen(c, lim)
		case stageBulk:
			ready = p.stepBulk(c, b)
		case stageBig:
			ready = p.stepBig(c)
		}
		if !ready {
			return stepWaits, err
		}
		if p.want == 0 {
			return stepDone, nil
		}
	}
}

// stepCount reads the "*n" line.
func (p *partial) stepCount(c *cursor, lim *Limits) (bool, *ProtoError) {
	if !p.scanHeader(c, lim) {
		if p.line > lim.MaxInlineBytes {
			return false, errMultibulkLine
		}
		return false, nil
	}
	n, ok := p.number()
	if !ok || n > DefaultMaxArgs || n > int64(lim.MaxArgs) && !lim.PreAuth {
		return false, errMultibulkLen
	}
	if n > int64(lim.MaxArgs) {
		return false, errMultibulkPreAuth
	}
	p.want = int(max(n, 0))
	p.stage = stageLen
	return true, nil
}

// stepLen reads a "$n" line.
func (p *partial) stepLen(c *cursor, lim *Limits) (bool, *ProtoError) {
	if p.line == 0 && !p.cr { // nothing of the line was seen
		n, h := plainHeader(c.buf[c.pos:], '$')
		if h > 0 && int64(n) <= lim.MaxBulkBytes {
			c.pos += h
			p.at += h
			p.need, p.stage = n+2, stageBulk
			return true, nil
		}
	}
	if !p.scanHeader(c, lim) {
		if p.line > lim.MaxInlineBytes {
			return false, errBulkLine
		}
		return false, nil
	}
	if p.line == 0 {
		return false, errNotBulk('\r')
	}
	if p.header[0] != '$' {
		return false, errNotBulk(p.header[0])
	}
	n, ok := p.number()
	if !ok || n < 0 || n > MostBulkBytes || n > lim.MaxBulkBytes && (!lim.PreAuth || n > DefaultMaxBulkBytes) {
		return false, errBulkLen
	}
	if n > lim.MaxBulkBytes {
		return false, errBulkPreAuth
	}
	p.need, p.stage = int(n)+2, stageBulk
	return true, nil
}

// number is the value of the header line, behind its type byte. It ends the line.
func (p *partial) number() (int64, bool) {
	line := p.line
	p.line = 0
	if line < 2 || line > len(p.header) {
		return 0, false
	}
	return ParseInt(p.header[1:line])
}

// scanHeader reads on to the CR of a header line and over the byte behind it, which
// nobody checks. The beginning of the line collects in header, its length in line.
// False with line > lim.MaxInlineBytes: the line is too long.
func (p *partial) scanHeader(c *cursor, lim *Limits) bool {
	for c.more() {
		if p.cr {
			p.cr = false
			c.pos++
			p.at++
			return true
		}
		rest := c.buf[c.pos:]
		n := p.lineEnd(rest, '\r', lim)
		if p.line < len(p.header) {
			copy(p.header[p.line:], rest[:n])
		}
		p.line += n
		if p.line > lim.MaxInlineBytes {
			return false
		}
		if n < len(rest) && rest[n] == '\r' && !p.nul {
			p.cr = true
			n++
		}
		c.pos += n
		p.at += n
	}
	return false
}

// lineEnd returns how many bytes of rest belong to the current line, cut where the
// line becomes too long: up to the byte end, or all of them. A NUL hides all that
// follows, since Redis looks for line ends with strchr.
func (p *partial) lineEnd(rest []byte, end byte, lim *Limits) int {
	rest = rest[:min(len(rest), max(lim.MaxInlineBytes+1-p.line, 0))]
	if p.nul {
		return len(rest)
	}
	n := bytes.IndexByte(rest, end)
	if n < 0 {
		n = len(rest)
	}
	if bytes.IndexByte(rest[:n], 0) >= 0 {
		p.nul = true
		return len(rest)
	}
	return n
}

// stepBulk takes a bulk that lies in the source as a whole. If too much of it is
// missing, it becomes a big bulk.
func (p *partial) stepBulk(c *cursor, b *Batch) bool {
	c.more() // a bulk that begins behind a border may be a view all the same
	n, left := p.need-2, len(c.buf)-c.pos
	if left < p.need {
		missing := p.need - (c.src.Len() - c.abs())
		if missing >= BigBulkBytes && b.N == 0 {
			p.startBig(c, b)
			return true
		}
		if missing > 0 {
			return false
		}
	}
	arg := emptyArg
	if n > left {
		arg = p.mem.alloc(n)
		c.copyTo(arg)
	} else if n > 0 {
		arg = c.buf[c.pos : c.pos+n : c.pos+n]
		c.pos += n
	}
	c.skip(2)
	p.take(arg)
	p.at += p.need
	return true
}

// take appends a complete argument.
func (p *partial) take(arg []byte) {
	p.args = append(p.args, arg)
	p.want--
	p.stage = stageLen
}

// startBig moves everything out of the source: the earlier arguments to mem, the bulk
// to a destination of its own, which grows from BigBulkFirstBytes.
func (p *partial) startBig(c *cursor, b *Batch) {
	p.drain(c, b)
	p.big = newScratch(min(p.need, BigBulkFirstBytes+scratchSlackBytes))
	p.stage = stageBig
}

// stepBig moves what has arrived into the destination.
func (p *partial) stepBig(c *cursor) bool {
	for len(p.big.buf) < p.need {
		p.growBig()
		if !c.more() {
			return false
		}
		at := len(p.big.buf)
		n := copy(p.big.buf[at:min(cap(p.big.buf), p.need)], c.buf[c.pos:])
		p.big.buf = p.big.buf[:at+n]
		c.pos += n
		p.at += n
	}
	n := p.need - 2
	p.take(p.big.buf[:n:n])
	p.mem.adopt(p.big)
	p.big = nil
	return true
}

// growBig doubles the destination when less than BigBulkBytes are free in it and it is
// too small.
func (p *partial) growBig() {
	old := p.big
	if cap(old.buf)-len(old.buf) >= BigBulkBytes || cap(old.buf) >= p.need {
		return
	}
	s := newScratch(min(2*cap(old.buf)-scratchSlackBytes, p.need))
	s.buf = append(s.buf, old.buf...)
	p.big = s
	old.free()
}

// settle is called when the command waits for more bytes: what would make the next
// calls expensive leaves the source, if no view of the batch is in the way.
func (p *partial) settle(c *cursor, b *Batch) {
	if b.N == 0 && (p.stage == stageBig && p.at > 0 || p.at >= DrainBytes) {
		p.drain(c, b)
	}
}

// drain copies the arguments that are views into mem and discards everything up to the
// cursor. The batch has no commands.
func (p *partial) drain(c *cursor, b *Batch) {
	if invariants.Enabled {
		invariants.Assert(b.N == 0, "resp: drained under %d commands", b.N)
		invariants.Assert(c.abs() == b.Bytes+p.at, "resp: cursor at %d, command at %d+%d", c.abs(), b.Bytes, p.at)
	}
	for i, a := range p.args[p.owned:] {
		p.args[p.owned+i] = p.mem.own(a)
	}
	p.owned = len(p.args)
	c.src.Discard(b.Bytes + p.at)
	b.Bytes = 0
	p.drained += p.at
	p.at = 0
	c.off, c.pos, c.buf = 0, 0, nil
}
