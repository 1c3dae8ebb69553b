package resp

// Parser turns the bytes of one connection into commands. The zero value is ready; it
// is small, and holds memory only while a command is incomplete. It is used by one
// goroutine at a time.
type Parser struct {
	part *partial    // the incomplete command, nil at a command border
	err  *ProtoError // the connection is beyond repair; Parse goes on returning it
}

// Parse appends up to max complete commands to b, which is the one batch of this
// connection until Done (b.N stays <= MaxBatch). It returns nil when the input is used
// up or the batch is full, and a *ProtoError when the client violated the protocol:
// the commands in b are valid nevertheless, and come first. Incomplete input stays
// and is not scanned again by the next call. Empty commands are skipped silently.
//
// After Done, Parse must be called again even if no new bytes came: bytes may be left,
// and a big bulk is only prepared (see Direct) with an empty batch.
func (p *Parser) Parse(src Source, b *Batch, max int, lim *Limits) error {
	if p.err != nil {
		return p.err
	}
	limit := min(b.N+max, MaxBatch)
	if lim.PreAuth {
		limit = min(limit, 1)
	}
	if b.N >= limit {
		return nil
	}
	c := cursor{src: src, off: b.Bytes}
	if p.part == nil {
		c.buf = src.PeekAt(c.off)
		c.pos = b.run(c.buf, limit, lim)
		if b.N == limit || !c.more() {
			return nil
		}
	}
	return p.parseSlow(&c, b, limit, lim)
}

// parseSlow alternates between the state machine, for one command, and run, for as
// many as it takes.
func (p *Parser) parseSlow(c *cursor, b *Batch, limit int, lim *Limits) error {
	if p.part != nil {
		c.seek(b.Bytes + p.part.at)
	}
	for b.N < limit {
		if p.part == nil {
			if !c.more() {
				break
			}
			c.pos += b.run(c.buf[c.pos:], limit, lim)
			if b.N == limit {
				break
			}
			if c.pos == len(c.buf) {
				continue
			}
			p.part = getPartial()
		}
		state, err := p.part.step(c, b, lim)
		if err != nil {
			p.part.free()
			p.part, p.err = nil, err
			return err
		}
		if state == stepWaits {
			p.part.settle(c, b)
			break
		}
		if state == stepDone {
			b.add(p.part)
		} else {
			b.Bytes += p.part.at
			p.part.free()
		}
		p.part = nil
	}
	if b.N == 0 && b.Bytes > 0 { // only empty commands came
		c.src.Discard(b.Bytes)
		b.Bytes = 0
	}
	return nil
}

// Done ends a batch after its execution: its bytes leave the source and its views and
// memory are given up.
func (p *Parser) Done(src Source, b *Batch) {
	if b.Bytes > 0 {
		src.Discard(b.Bytes)
	}
	b.Reset()
}

// Direct returns the free part of the destination of a big bulk while BigBulkBytes or
// more of it are missing, else nil. If the source is empty, the connection may be read
// straight into it, followed by Filled and Parse. It changes with each Filled or Parse.
func (p *Parser) Direct() []byte {
	if p.part == nil || p.part.big == nil {
		return nil
	}
	d := p.part
	if d.need-len(d.big.buf) < BigBulkBytes {
		return nil
	}
	return d.big.buf[len(d.big.buf):min(cap(d.big.buf), d.need)]
}

// Filled reports that n bytes were read into Direct.
func (p *Parser) Filled(n int) {
	d := p.part
	d.big.buf = d.big.buf[:len(d.big.buf)+n]
	d.drained += n // never in the source, but on the wire
	d.growBig()
}

// Reset forgets everything, for a connection that was closed or starts anew. Batches
// that are still in use keep what they have.
func (p *Parser) Reset() {
	if p.part != nil {
		p.part.free()
		p.part = nil
	}
	p.err = nil
}

// Buffered is how many bytes of memory the parser holds outside the source.
func (p *Parser) Buffered() int {
	if p.part == nil {
		return 0
	}
	return p.part.bytes()
}
