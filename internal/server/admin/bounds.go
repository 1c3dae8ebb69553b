package admin

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// connections are those that are open, so that whoever opens many takes no descriptors from
// the server's clients: beyond MaxConnections the oldest that waits for a request goes, or
// else the newest.
type connections struct {
	mu struct {
		sync.Mutex
		all map[net.Conn]*connection
	}
}

// connection is what is known of one.
type connection struct {
	since time.Time // when it last began to wait
	busy  bool      // a request is being read or answered
	free  bool      // it streams a profile, and does not count
}

func newConnections() *connections {
	c := new(connections)
	c.mu.all = map[net.Conn]*connection{}
	return c
}

// note is the http.Server's ConnState.
func (c *connections) note(nc net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.mu.all[nc] = &connection{since: time.Now()}
		c.dropLocked(nc)
	case http.StateActive, http.StateIdle:
		if k := c.mu.all[nc]; k != nil {
			k.busy, k.since = state == http.StateActive, time.Now()
		}
	default:
		delete(c.mu.all, nc)
	}
}

// dropLocked closes one connection if there are too many.
func (c *connections) dropLocked(newest net.Conn) {
	counted, victim := 0, newest
	for nc, k := range c.mu.all {
		if k.free {
			continue
		}
		counted++
		if !k.busy && k.since.Before(c.mu.all[victim].since) {
			victim = nc
		}
	}
	if counted > MaxConnections {
		_ = victim.Close() // the server notices
		delete(c.mu.all, victim)
	}
}

// exempt says whether a connection counts.
func (c *connections) exempt(nc net.Conn, free bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.mu.all[nc]; k != nil {
		k.free = free
	}
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

// withConn is the http.Server's ConnContext.
func withConn(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// bounded answers requests in bounded time. Nothing here takes a body, so one that is
// announced is refused rather than waited for. Profiles stream for as long as they are
// asked to; their connections do not count meanwhile.
func bounded(conns *connections, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			http.Error(w, "a request with a body is not for this server", http.StatusRequestEntityTooLarge)
			return
		}
		if strings.HasPrefix(r.URL.Path, profilesPath) {
			if nc, ok := r.Context().Value(connKey{}).(net.Conn); ok {
				conns.exempt(nc, true)
				defer conns.exempt(nc, false)
			}
		} else {
			// Without deadlines of its own (a test's recorder) it needs none.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout))
		}
		next.ServeHTTP(w, r)
	})
}

// guesses slows down who tries passwords: a wrong one is answered late, and meanwhile the
// same address may try only few others.
type guesses struct {
	mu struct {
		sync.Mutex
		waiting map[string]int // by address, those that wait for their answer
	}
}

// mayTry tells whether an address may try a password now.
func (g *guesses) mayTry(addr string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mu.waiting[addr] < guessesAtOnce
}

// wrong waits as long as the answer to a wrong password is held back, or until ctx ends.
func (g *guesses) wrong(ctx context.Context, addr string) {
	g.count(addr, 1)
	defer g.count(addr, -1)
	select {
	case <-time.After(guessDelay):
	case <-ctx.Done():
	}
}

func (g *guesses) count(addr string, d int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.waiting == nil {
		g.mu.waiting = map[string]int{}
	}
	if g.mu.waiting[addr] += d; g.mu.waiting[addr] == 0 {
		delete(g.mu.waiting, addr)
	}
}
