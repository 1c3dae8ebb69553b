package netio

// Who ends a server by a command takes the end of its connection for the end of the server: the next one is started at once, on the
// same port and the same files. So what ends beside the server ends for its peer only when the server says that all is done:
// Group.Keep, and at last Group.Release.

// Keep has the sockets of connections that end from now on stay open, silent, until Release. Safe from any goroutine.
func (g *Group) Keep() { g.keeping.Store(true) }

// Release closes the sockets that Keep has left open, and ends Keep. Safe from any goroutine.
func (g *Group) Release() {
	g.mu.Lock()
	g.keeping.Store(false)
	fds, streams := g.mu.keptFDs, g.mu.keptStreams
	g.mu.keptFDs, g.mu.keptStreams = nil, nil
	g.mu.Unlock()
	for _, fd := range fds {
		sysClose(fd)
	}
	for _, s := range streams {
		s.hangUp(false)
	}
}

// keepFD keeps the descriptor of a connection of a reactor, which forgets it; false: it is to be closed.
func (g *Group) keepFD(r *Reactor, c *Conn) bool {
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
func (g *Group) keepStream(s *stream) bool {
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
