package netio

// Write appends p; it takes everything and never fails.
func (r *Ring) Write(p []byte) (int, error) {
	n, done := len(p), 0
	for len(p) > 0 {
		w := r.Window(done, 1)
		done = copy(w, p)
		p = p[done:]
	}
	r.Window(done, 0)
	return n, nil
}

// Window commits the first commit bytes of the last window and returns a new one of
// at least min contiguous bytes (at most MaxWindowBytes), to be filled and committed
// by the next call. With min 0 it only commits, closes the window and returns nil. A
// window above NodeBytes gets a node of its own size, which is not pooled. Write and
// ReadFrom close a window that is open, and what it had not committed is lost.
func (r *Ring) Window(commit, min int) []byte {
	if commit > 0 && !r.opened || commit < 0 || min > MaxWindowBytes {
		panic("netio: Ring.Window without a window to commit, or too large")
	}
	if min == 0 {
		if r.opened {
			if commit > 0 {
				r.tail.Load().w += commit
			}
			r.shut(commit)
		}
		return nil
	}
	t := r.open()
	if commit > 0 {
		t.w += commit // beyond the buffer: the slicing below, or the consumer's, panics
		r.publish(commit)
	}
	if t == nil || len(t.buf)-t.w < min {
		t = getNode(min)
		r.link(t)
	}
	return t.buf[t.w:]
}

// open claims the tail: from here to shut the consumer does not drop the chain. It
// returns the tail, nil when there is none.
func (r *Ring) open() *node {
	if r.opened {
		return r.tail.Load()
	}
	r.opened = true
	if r.word.Add(wordOpen)&wordChained != 0 { // the flag is not set: Add takes less than Or
		return r.tail.Load()
	}
	// The consumer that dropped the chain may not have cleared tail yet.
	r.bare = true
	if r.tail.Load() != nil {
		r.tail.Store(nil)
	}
	return nil
}

// link makes n the tail. The ring is open. The old tail is the consumer's from now on.
func (r *Ring) link(n *node) {
	old := r.tail.Load()
	r.tail.Store(n)
	if old == nil {
		r.first = n
		return
	}
	old.next.Store(n)
}

// publish shows n more bytes, already in the nodes, to the consumer. The ring is open.
func (r *Ring) publish(n int) {
	delta := uint64(n) << wordShift
	if r.bare {
		r.bare = false
		delta += wordChained
	}
	r.word.Add(delta)
}

// shut publishes n bytes and lets go of the tail. The ring is open.
func (r *Ring) shut(n int) {
	r.opened = false
	delta := uint64(n)<<wordShift - wordOpen
	if r.bare {
		r.bare = false
		if n > 0 {
			delta += wordChained
		} else {
			r.dropUnpublished()
		}
	}
	r.word.Add(delta)
}

// dropUnpublished gives back the nodes of a chain that the consumer never saw.
func (r *Ring) dropUnpublished() {
	n := r.first
	r.first = nil
	r.tail.Store(nil)
	for n != nil {
		next := n.next.Load()
		putNode(n)
		n = next
	}
}
