package netio

import "sync"

// mailbox is how other goroutines reach a reactor: a queue, and one Break of the
// poller when a letter finds the reactor asleep. Later letters of the same burst find
// it awake already.
type mailbox struct {
	mu struct {
		sync.Mutex
		queue  []letter
		asleep bool // the reactor blocks in Poll, or is about to
		closed bool
	}
	spare []letter // the reactor's: the queue of the turn before, emptied
}

// letter is a function to run, or a connection to adopt: a closure for each of those
// would be garbage of a tenth of what an idle connection takes.
type letter struct {
	fn   func()
	conn *Conn
}

// post appends l. It returns false, and drops l, when the mailbox is closed. Any
// goroutine may call it. Break is called under the lock, so that it never meets a
// poller that is closed already.
func (b *mailbox) post(l letter, p Poller) bool {
	b.mu.Lock()
	if b.mu.closed {
		b.mu.Unlock()
		return false
	}
	b.mu.queue = append(b.mu.queue, l)
	if b.mu.asleep {
		b.mu.asleep = false
		p.Break()
	}
	b.mu.Unlock()
	return true
}

// sleep announces that the reactor is going to block; false when it must not, since
// there is mail.
func (b *mailbox) sleep() bool {
	b.mu.Lock()
	idle := len(b.mu.queue) == 0
	b.mu.asleep = idle
	b.mu.Unlock()
	return idle
}

// run runs the letters there are, and tells whether there were any; those that come meanwhile
// wait for the next turn. Only the reactor calls it.
func (b *mailbox) run(r *Reactor) bool {
	b.mu.Lock()
	b.mu.asleep = false
	if len(b.mu.queue) == 0 {
		b.mu.Unlock()
		return false
	}
	b.runLocked(r)
	return true
}

// runAwake is run for a stripe, on a connection's goroutine: that the stripe's own sleeps
// stays true.
func (b *mailbox) runAwake(r *Reactor) {
	b.mu.Lock()
	if len(b.mu.queue) == 0 {
		b.mu.Unlock()
		return
	}
	b.runLocked(r)
}

// runLocked runs the letters; it unlocks the mutex first.
func (b *mailbox) runLocked(r *Reactor) {
	letters := b.mu.queue
	b.mu.queue = b.spare
	b.mu.Unlock()
	for i, l := range letters {
		letters[i] = letter{}
		if l.conn != nil {
			r.adopt(l.conn)
		} else {
			l.fn()
		}
	}
	b.spare = nil
	if cap(letters) <= keepMails {
		b.spare = letters[:0]
	}
}

// close refuses further letters; those accepted before are still to be run.
func (b *mailbox) close() {
	b.mu.Lock()
	b.mu.closed = true
	b.mu.Unlock()
}
