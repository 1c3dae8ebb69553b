package netio

import (
	"net"
	"sync"
)

// Who consumes a stream's out-ring. The holder may write outside of the mutex; what it
// writes it has seen under the mutex (take), so that nothing leaves which a turn that is
// still running may want to hold back (Conn.Cork).
const (
	sendIdle int32 = iota
	sendOwn        // the connection's goroutine, between two reads
	sendMore       // a goroutine of its own, until there is no more output
	sendNone       // nobody ever again
)

// parcel is output on its way: the first len bytes of the out-ring. Where the netpoller lets
// the socket be written directly it is no more than that, and the ring lets go of it as the kernel
// takes it; else these are its views.
type parcel struct {
	one []byte // the common case
	vec *vector
	len int
}

// vector is the views of several nodes.
type vector struct {
	views [writeVecNodes][]byte
	bufs  net.Buffers // views, as far as they are not written
}

var vectorPool = sync.Pool{New: func() any { return new(vector) }}

// take makes the caller the consumer of the out-ring and returns what is to be sent: an
// empty parcel, and nothing taken, if there is nothing or somebody else sends. The
// stripe's mutex is held.
func (s *stream) take(who int32) parcel {
	c := s.c
	if c.closed || c.corked || c.out.Len() == 0 || !s.sending.CompareAndSwap(sendIdle, who) {
		return parcel{}
	}
	if who == sendOwn {
		s.writes++
		if !s.listed {
			s.listed = true
			s.looks = 0
			c.r.stripe.writers = append(c.r.stripe.writers, s)
		}
	}
	return s.pick()
}

// pick is take for who is the consumer already.
func (s *stream) pick() parcel {
	c := s.c
	c.r.counts.Writes++
	if s.raw != nil {
		return parcel{len: min(c.out.Len(), turnWriteBytes)}
	}
	first := c.out.Peek()
	if len(first) == c.out.Len() {
		return parcel{one: first, len: len(first)}
	}
	p := parcel{vec: vectorPool.Get().(*vector)}
	n := 0
	n, p.len = c.out.views(p.vec.views[:], turnWriteBytes)
	p.vec.bufs = p.vec.views[:n]
	return p
}

// write sends a parcel; it blocks while the client does not read.
func (s *stream) write(p parcel) error {
	var err error
	if s.raw != nil {
		_, err = s.writeRaw(p, true)
		return err
	}
	if p.vec == nil {
		_, err = s.nc.Write(p.one)
	} else {
		_, err = p.vec.bufs.WriteTo(s.nc) // one writev for a socket
		*p.vec = vector{}
		vectorPool.Put(p.vec)
	}
	if err == nil {
		s.c.out.Discard(p.len)
	}
	return err
}

// writeRaw is write for a socket that can be written directly. Unless it is patient it does not wait
// for the client, and returns how much is left.
func (s *stream) writeRaw(p parcel, patient bool) (left int, err error) {
	s.left, s.patient = p.len, patient
	if err = s.raw.Write(s.give); err == nil {
		err = s.giveErr
	}
	return s.left, err
}

// send writes what take(sendOwn) gave, and what has come since, on the connection's
// goroutine. With finish the connection may be at its end once all is out. It returns
// false when another goroutine has taken over reading.
func (s *stream) send(p parcel, finish bool) bool {
	c := s.c
	if p.len == 0 && !finish {
		return true
	}
	for {
		if p.len > 0 {
			err := s.write(p)
			if err != nil {
				s.fail(err)
			}
			if !s.sending.CompareAndSwap(sendOwn, sendIdle) {
				s.sendRest(err)
				return false
			}
			if err != nil {
				return true
			}
			finish = finish || p.len >= slowWriteBytes
		}
		if c.out.Len() == 0 && !finish {
			return true
		}
		// Somebody had output for the client meanwhile, or this was the last of it.
		c.r.enter()
		if p = s.take(sendOwn); p.len == 0 {
			if c.out.Len() == 0 {
				c.drained()
			}
			c.settle()
		}
		c.r.leave(nil)
		if p.len == 0 {
			return true
		}
	}
}

// fail closes the connection, whose socket takes nothing more.
func (s *stream) fail(err error) {
	s.c.r.enter()
	if s.parting {
		err = ErrGroupClosed
	}
	s.c.Close(err)
	s.c.r.leave(nil)
}

// sendRest writes until there is no more output. The caller is the consumer, and has
// failed already if err is set.
func (s *stream) sendRest(err error) {
	c := s.c
	for {
		c.r.enter()
		if err != nil || c.closed || c.corked || c.out.Len() == 0 {
			break
		}
		p := s.pick()
		c.r.leave(nil)
		if err = s.write(p); err != nil {
			s.fail(err)
		}
	}
	s.sending.Store(sendIdle) // under the mutex: whoever has output now begins anew
	if !c.closed {
		if c.out.Len() == 0 {
			c.drained()
		}
		c.settle()
	}
	s.letGo()
	c.r.leave(nil)
}

// flush sees to it that the out-ring is sent. The stripe's mutex is held.
func (s *stream) flush() {
	c := s.c
	if c.paused {
		s.moved.Signal() // there may be room to read again
	}
	if s.own || c.closed || c.corked || c.out.Len() == 0 || !s.sending.CompareAndSwap(sendIdle, sendMore) {
		return
	}
	if s.raw != nil {
		c.r.stripe.unsent = append(c.r.stripe.unsent, s)
		return
	}
	c.r.group.wg.Add(1)
	go s.sendOnce()
}

// sendAll writes the output of all connections for which flush was called, as far as it goes
// without waiting for their clients. Those that do not read get a goroutine that waits. The stripe's
// goroutine calls it with the mutex held, which it releases meanwhile: one of them for all, since very
// many connections may have a message at the same time, and as many goroutines that want the mutex
// would hold up everybody else.
func (r *Reactor) sendAll() {
	st := r.stripe
	for len(st.unsent) > 0 {
		list := st.unsent
		st.unsent, st.parcels = st.sent[:0], st.parcels[:0]
		for _, s := range list {
			p := parcel{}
			if !s.c.closed && !s.c.corked && s.c.out.Len() > 0 {
				p = s.pick()
			}
			st.parcels = append(st.parcels, p)
		}
		st.mu.Unlock()
		for i, s := range list {
			p := &st.parcels[i]
			if p.len == 0 {
				continue
			}
			left, err := s.writeRaw(*p, false)
			if err == nil && left > 0 { // the client does not read
				list[i] = nil
				r.group.wg.Add(1)
				go s.sendOnce()
			} else if err != nil {
				s.fail(err)
			}
		}
		st.mu.Lock()
		r.tellTime()
		for i, s := range list {
			list[i] = nil
			if s != nil {
				s.sent()
			}
		}
		r.bury()
		st.sent = list
		if cap(st.sent) > keepUnsent {
			st.sent, st.parcels = nil, nil
		}
	}
}

// sent ends the sending of a parcel that is out, or has failed. The stripe's mutex is held.
func (s *stream) sent() {
	c := s.c
	s.sending.Store(sendIdle)
	if c.closed {
		s.letGo()
		return
	}
	if c.out.Len() == 0 {
		c.drained()
	} else {
		c.Flush()
	}
	c.settle()
}

// sendOnce is the goroutine that flush starts.
func (s *stream) sendOnce() {
	defer s.c.r.group.wg.Done()
	s.sendRest(nil)
}

// relieveWriters looks for connections whose own goroutines have been writing since the
// last look: their clients do not read. Such a goroutine becomes a mere writer, and
// another one reads on, since a client may well send everything before it reads anything.
func (r *Reactor) relieveWriters() {
	st := r.stripe
	kept := st.writers[:0]
	for _, s := range st.writers {
		busy := s.sending.Load() == sendOwn
		switch {
		case busy && s.looks == s.writes && s.sending.CompareAndSwap(sendOwn, sendMore):
			r.group.wg.Add(1)
			go s.serve()
			s.listed = false
		case busy:
			s.looks = s.writes
			kept = append(kept, s)
		default:
			s.listed = false
		}
	}
	clear(st.writers[len(kept):])
	st.writers = kept
}
