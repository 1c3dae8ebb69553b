package netio

// While a goroutine runs, nobody may be looking at the sockets of the others. The thread that
// waited in the runtime's netpoller has gone to run it; the runtime wakes no other one in its
// place, though processors are idle; and a goroutine whose next request is there when it
// reads does not wait, so that its own thread does not poll either. Then only the runtime's monitor
// does, every 10 ms: a client that has a costly call answered in a loop would hold up all clients of
// the goroutine model for as long.
//
// So a connection's goroutine that has run for lookoutNanos without waiting rouses another one, which does
// nothing. What counts is the thread that the runtime wakes for it, and that waits in
// the netpoller next, having nothing else to do.

// lookOut is called by a connection's goroutine after each of its turns, which lasted from begin to
// end of the stripe's clock. It holds nothing.
func (s *stream) lookOut(begin, end int64) {
	if s.waited || begin-s.until > lookoutNanos { // else it did not wait, or it is not known
		s.waited = false
		s.since = begin
	}
	if s.until = end; end-s.since < lookoutNanos {
		return
	}
	s.since = end
	select {
	case s.c.r.group.lookout <- struct{}{}:
	default: // it is awake
	}
}

// keepLookout is the goroutine that is roused.
func (g *Group) keepLookout() {
	defer g.wg.Done()
	for {
		select {
		case <-g.lookout:
		case <-g.relief.quit:
			return
		}
	}
}
