// Package memnet is a network within the process: a listener whose connections are two
// buffers in memory each, without sockets or descriptors.
//
//	Dial ─▶ Conn ═ buffer ═▶ Conn ─▶ Accept
//	             ◀═ buffer ═
//
// Unlike net.Pipe a Conn buffers, as a socket does: who writes need not wait for who reads
// until maxBuffered bytes are under way. So a client may write a long pipeline before it
// reads the first reply.
//
// Invariants
//
//  1. All that was written before Close is read before io.EOF.
//  2. After Close no call of either side waits for ever.
//  3. An idle connection holds no buffer.
package memnet
