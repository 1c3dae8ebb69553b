package netio

// Who ends a server by a command takes the end of its connection for the end of the server: the next one is started at once, on the
// same port and the same files. So what ends beside the server ends for its peer only when the server says that all is done:
// Group.Keep, and at last Group.Release.

// keep has end, which closes a socket that nobody uses any more, run at Release; false: it is to be closed now.
func keep(g *Group, end func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keeping.Load() {
		g.mu.kept = append(g.mu.kept, end)
		return true
	}
	return false
}

// keepFD keeps the descriptor of a connection of a reactor, which forgets it; false: it is to be closed.
func keepFD(r *Reactor, c *Conn) bool {
	if !r.group.keeping.Load() || c.interest != 0 && r.poller.Open(int(c.fd), c.token(), c.interest, 0) != nil {
		return false
	}
	fd := int(c.fd)
	return keep(r.group, func() { sysClose(fd) })
}

// keepStream keeps the socket of a connection whose goroutine ends; false: it is to be closed.
func keepStream(s *stream) bool {
	return s.c.r.group.keeping.Load() && keep(s.c.r.group, func() { s.hangUp(false) })
}
