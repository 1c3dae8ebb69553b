package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/kringdb/kring/resp"
)

// This file is the connection by which a node speaks to another one: about slots that move, or to hand messages on.

// wire is such a connection. One goroutine uses it, but for Close.
type wire struct {
	conn    net.Conn
	in      *bufio.Reader
	timeout time.Duration
	out     []byte
}

// call connects to a node about slots that move.
func (m *migrations) call(ctx context.Context, node string) (*wire, error) {
	return dialNode(ctx, m.n, node, time.Duration(m.n.Options.ReplTimeout.Load())*time.Second)
}

// dialNode connects to a node, and authenticates as a replica does to its primary.
func dialNode(ctx context.Context, n *Node, node string, timeout time.Duration) (*wire, error) {
	to := n.topology().Node(node)
	if to == nil {
		return nil, errors.New("the other node is gone")
	}
	o := n.Options
	port, encrypted := to.Port, o.TLSCluster.Load() || o.TLSReplication.Load()
	if encrypted {
		port = to.TLSPort
	}
	w := &wire{timeout: timeout}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	var err error
	if w.conn, err = n.House.Dial(ctx, net.JoinHostPort(to.IP, strconv.Itoa(port)), encrypted); err != nil {
		return nil, err
	}
	w.in = bufio.NewReaderSize(w.conn, 64<<10)
	user, password := o.MasterUser.Load(), o.MasterAuth.Load()
	switch {
	case password != "" && user != "":
		err = w.ask("AUTH", user, password)
	case password != "":
		err = w.ask("AUTH", password)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Close closes the connection.
func (w *wire) Close() error { return w.conn.Close() }

// Read reads what the other node sends by itself, which is nothing, until the connection ends.
func (w *wire) Read(p []byte) (int, error) {
	_ = w.conn.SetReadDeadline(time.Time{})
	return w.in.Read(p)
}

// send sends a call.
func (w *wire) send(words ...string) error {
	w.out = resp.AppendHeader(w.out[:0], '*', len(words))
	for _, word := range words {
		w.out = resp.AppendBulkString(w.out, word)
	}
	_ = w.conn.SetDeadline(time.Now().Add(w.timeout))
	_, err := w.conn.Write(w.out)
	return err
}

// ask sends a call whose good reply says nothing.
func (w *wire) ask(words ...string) error {
	err := w.send(words...)
	if err == nil {
		_, err = w.line()
	}
	return err
}

// line reads a line of a reply; an error reply is an error.
func (w *wire) line() (string, error) {
	text, err := w.in.ReadString('\n')
	switch {
	case err != nil:
		return "", err
	case len(text) < 3:
		return "", errors.New("the other node's reply cannot be read")
	case text[0] == '-':
		return "", errors.New(text[1 : len(text)-2])
	}
	return text[:len(text)-2], nil
}

// number reads a line of one kind that has a number.
func (w *wire) number(kind byte) (int64, error) {
	text, err := w.line()
	if err != nil {
		return 0, err
	}
	if text[0] != kind {
		return 0, fmt.Errorf("the other node's reply begins with %q", text[0])
	}
	return strconv.ParseInt(text[1:], 10, 64)
}

// bulk reads a bulk string.
func (w *wire) bulk() ([]byte, error) {
	n, err := w.number('$')
	if err != nil || n < 0 || n > 1<<40 {
		return nil, errors.Join(err, errors.New("the other node's reply cannot be read"))
	}
	b := make([]byte, n+2)
	if _, err = io.ReadFull(w.in, b); err != nil {
		return nil, err
	}
	return b[:n], nil
}

// chunk is a reply to CLUSTER SYNCSLOTS NEXT.
type chunk struct {
	first bool   // behind it is only what changes: what was there has been sent
	final bool   // nothing comes behind it
	epoch uint64 // with final: of the source's shard
	calls []byte
	err   error
}

// next asks for a chunk.
func (w *wire) next(name string) (c chunk) {
	if c.err = w.send("CLUSTER", "SYNCSLOTS", "NEXT", name); c.err != nil {
		return c
	}
	var state []byte
	var epoch int64
	if _, c.err = w.number('*'); c.err == nil {
		state, c.err = w.bulk()
	}
	if c.err == nil {
		epoch, c.err = w.number(':')
	}
	if c.err == nil {
		c.calls, c.err = w.bulk()
	}
	c.first, c.final, c.epoch = string(state) == "streaming", string(state) == "final", uint64(epoch)
	return c
}
