package kring

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/kringdb/kring/resp"
)

// ownClient is the connection behind Server.Do.
type ownClient struct {
	turn   chan struct{} // has room for the one whose turn it is, who owns the rest
	conn   net.Conn      // nil before the first call, and after one that failed
	r      *bufio.Reader
	closed bool
}

func newOwnClient() ownClient { return ownClient{turn: make(chan struct{}, 1)} }

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
	if len(args) == 0 {
		return nil, errNoCommand
	}
	o := &s.own
	if err := o.take(ctx, s.done); err != nil {
		return nil, err
	}
	defer o.give()
	if o.conn == nil {
		if err := s.connect(ctx); err != nil {
			return nil, err
		}
	}
	v, err := o.call(ctx, args)
	if err != nil {
		o.drop()
		return nil, err
	}
	return plain(&v)
}

// connect opens the connection.
func (s *Server) connect(ctx context.Context) error {
	conn, err := s.Dial(ctx)
	if err != nil {
		return err
	}
	o := &s.own
	o.conn, o.r = conn, bufio.NewReader(conn)
	pw := s.srv.Password()
	if pw == "" {
		return nil
	}
	v, err := o.call(ctx, []any{"AUTH", pw})
	if err == nil {
		_, err = plain(&v)
	}
	if err != nil {
		o.drop()
	}
	return err
}

// call sends one command and reads its reply.
func (o *ownClient) call(ctx context.Context, args []any) (resp.Value, error) {
	conn, late := o.conn, make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(late)
		_ = conn.SetDeadline(time.Unix(1, 0)) // it has none that fail
	})
	_, err := conn.Write(appendCommand(nil, args))
	var v resp.Value
	if err == nil {
		v, err = resp.ReadReply(o.r)
	}
	if !stop() { // the reply may have been faster: the next call must not find the deadline
		<-late
		_ = conn.SetDeadline(time.Time{})
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return v, err
}

// take waits for the turn, until ctx or the server has ended.
func (o *ownClient) take(ctx context.Context, ended <-chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case o.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-ended:
		return errClosed
	}
	if o.closed {
		o.give()
		return errClosed
	}
	return nil
}

// give ends the turn.
func (o *ownClient) give() { <-o.turn }

func (o *ownClient) drop() {
	_ = o.conn.Close()
	o.conn, o.r = nil, nil
}

// close ends the connection of a server that has ended.
func (o *ownClient) close() {
	o.turn <- struct{}{} // a call that is under way fails: the server has ended
	defer o.give()
	o.closed = true
	if o.conn != nil {
		o.drop()
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
