package kring

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/kringdb/kring/resp"
)

// ownClient is the connection behind Server.Do.
type ownClient struct {
	mu struct {
		sync.Mutex
		conn   net.Conn // nil before the first call, and after one that failed
		r      *bufio.Reader
		closed bool
	}
}

// ReplyError is an error that the server replied to a command, as it is on the wire:
// "WRONGTYPE Operation against a key holding the wrong kind of value".
type ReplyError string

func (e ReplyError) Error() string { return string(e) }

// Do runs one command and returns its reply: a string, an int64, nil, or a []any of such;
// an error reply is a ReplyError. Arguments are written as fmt.Sprint does, []byte as it
// is. It is for preparing and checking what is stored, by one connection of its own, which
// is authenticated with requirepass: SELECT, MULTI and the like hold from call to call.
// Whatever waits or listens for long, or must be fast, should have a client.
func (s *Server) Do(ctx context.Context, args ...any) (any, error) {
	o := &s.own
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.mu.closed {
		return nil, errClosed
	}
	if o.mu.conn == nil {
		if err := s.connectLocked(ctx); err != nil {
			return nil, err
		}
	}
	v, err := o.callLocked(ctx, args)
	if err != nil {
		o.dropLocked()
		return nil, err
	}
	return plain(&v)
}

// connectLocked opens the connection.
func (s *Server) connectLocked(ctx context.Context) error {
	conn, err := s.Dial(ctx)
	if err != nil {
		return err
	}
	o := &s.own
	o.mu.conn, o.mu.r = conn, bufio.NewReader(conn)
	pw := s.srv.Password()
	if pw == "" {
		return nil
	}
	v, err := o.callLocked(ctx, []any{"AUTH", pw})
	if err == nil {
		_, err = plain(&v)
	}
	if err != nil {
		o.dropLocked()
	}
	return err
}

// callLocked sends one command and reads its reply.
func (o *ownClient) callLocked(ctx context.Context, args []any) (resp.Value, error) {
	conn := o.mu.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := conn.Write(appendCommand(nil, args))
	var v resp.Value
	if err == nil {
		v, err = resp.ReadReply(o.mu.r)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return v, err
}

func (o *ownClient) dropLocked() {
	_ = o.mu.conn.Close()
	o.mu.conn, o.mu.r = nil, nil
}

// close ends the connection of a server that has ended.
func (o *ownClient) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.closed = true
	if o.mu.conn != nil {
		o.dropLocked()
	}
}

// appendCommand writes a command as an array of bulks.
func appendCommand(dst []byte, args []any) []byte {
	dst = append(dst, '*')
	dst = strconv.AppendInt(dst, int64(len(args)), 10)
	dst = append(dst, "\r\n"...)
	for _, a := range args {
		b, ok := a.([]byte)
		if !ok {
			b = fmt.Append(nil, a)
		}
		dst = append(dst, '$')
		dst = strconv.AppendInt(dst, int64(len(b)), 10)
		dst = append(dst, "\r\n"...)
		dst = append(dst, b...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// plain turns a reply into Go's own types.
func plain(v *resp.Value) (any, error) {
	switch {
	case v.IsError():
		return nil, ReplyError(v.Str)
	case v.Null:
		return nil, nil
	case v.Kind == ':':
		return v.Int, nil
	case v.Kind != '*':
		return v.Text(), nil
	}
	list := make([]any, len(v.Elems))
	for i := range v.Elems {
		x, err := plain(&v.Elems[i])
		if re := ReplyError(""); errors.As(err, &re) {
			x = re // within EXEC's reply
		}
		list[i] = x
	}
	return list, nil
}
