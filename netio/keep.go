package netio

// Who ends a server by a command takes the end of its connection for the end of the server: the next one is started at once, on the
// same port and the same files. So what ends beside the server ends for its peer only when the server says that all is done:
// Group.Keep, and at last Group.Release.

// keepFD keeps the descriptor of a connection of a reactor, which forgets it; false: it is to be closed.
func keepFD(r *Reactor, c *Conn) bool {
	g := r.group
	if !g.keeping.Load() || c.interest != 0 && r.poller.Open(int(c.fd), c.token(), c.interest, 0) != nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.keeping.Load() {
		return false
	}
	g.mu.keptFDs = append(g.mu.keptFDs, int(c.fd))
	return true
}

// keepStream keeps the socket of a connection whose goroutine ends; false: it is to be closed.
func keepStream(s *stream) bool {
	g := s.c.r.group
	if !g.keeping.Load() {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.keeping.Load() {
		return false
	}
	g.mu.keptStreams = append(g.mu.keptStreams, s)
	return true
}
