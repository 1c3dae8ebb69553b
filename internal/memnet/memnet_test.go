package memnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBothWays sends much through a connection in pieces of any size, both ways at once.
func TestBothWays(t *testing.T) {
	a, b := Pipe("x")
	data := make([]byte, 5<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	var wg sync.WaitGroup
	for _, ends := range [][2]*Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			for rest := data; len(rest) > 0; {
				n, err := ends[0].Write(rest[:min(len(rest), rand.IntN(300000))])
				if err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
			_ = ends[0].CloseWrite()
		})
		wg.Go(func() {
			var got []byte
			buf := make([]byte, 200000)
			for {
				n, err := ends[1].Read(buf[:1+rand.IntN(len(buf)-1)])
				got = append(got, buf[:n]...)
				if err != nil {
					if err != io.EOF {
						t.Error(err)
					}
					break
				}
			}
			if !bytes.Equal(got, data) {
				t.Errorf("%d bytes came, not the %d that were sent", len(got), len(data))
			}
		})
	}
	wg.Wait()
	if a.in.mu.buf != nil || a.out.mu.buf != nil {
		t.Error("an idle connection holds a buffer")
	}
}

// TestWriteBeforeRead: a writer does not wait for a reader, up to the limit.
func TestWriteBeforeRead(t *testing.T) {
	a, b := Pipe("x")
	big := make([]byte, maxBuffered)
	if n, err := a.Write(big); n != len(big) || err != nil {
		t.Fatal(n, err)
	}
	_ = a.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	n, err := a.Write(make([]byte, 10))
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(n, err)
	}
	if ne := net.Error(nil); !errors.As(err, &ne) || !ne.Timeout() {
		t.Error(err)
	}
	_ = a.SetWriteDeadline(time.Time{})
	go func() { _, _ = io.CopyN(io.Discard, b, 10) }()
	if n, err := a.Write(make([]byte, 10)); n != 10 || err != nil {
		t.Error(n, err)
	}
}

func TestDeadlines(t *testing.T) {
	a, b := Pipe("x")
	begin := time.Now()
	_ = a.SetDeadline(begin.Add(20 * time.Millisecond))
	if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) < 20*time.Millisecond {
		t.Error(n, err, time.Since(begin))
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	_ = a.SetDeadline(time.Time{})
	go func() { _ = a.SetReadDeadline(time.Unix(1, 0)) }() // while it waits
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	_ = a.SetReadDeadline(time.Now().Add(time.Hour))
	if _, err := b.Write([]byte("y")); err != nil {
		t.Error(err)
	}
	if n, err := a.Read(make([]byte, 10)); n != 1 || err != nil {
		t.Error(n, err)
	}
	a.Close() // with a timer under way
}

func TestClose(t *testing.T) {
	for _, what := range []string{"mine", "other's"} {
		a, b := Pipe("x")
		if _, err := b.Write([]byte("last")); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := io.ReadAll(a)
			if what == "mine" && !errors.Is(err, net.ErrClosed) || what != "mine" && err != nil {
				t.Errorf("%s closed, reading: %v", what, err)
			}
		})
		wg.Go(func() {
			for range 3 {
				if _, err := a.Write(make([]byte, maxBuffered)); err != nil {
					if what == "mine" && !errors.Is(err, net.ErrClosed) || what != "mine" && !errors.Is(err, syscall.EPIPE) {
						t.Errorf("%s closed, writing: %v", what, err)
					}
					return
				}
			}
			t.Error("it is never full")
		})
		time.Sleep(time.Millisecond)
		if what == "mine" {
			a.Close()
			a.Close()
		} else {
			b.Close()
		}
		wg.Wait()
	}
}

func TestListener(t *testing.T) {
	l := Listen("kring")
	if l.Addr().String() != "kring" || l.Addr().Network() != "memory" {
		t.Error(l.Addr())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := l.Dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	for range 10 {
		c, err := l.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "echo"); err != nil {
			t.Error(err)
		}
		_ = c.CloseWrite()
		if b, err := io.ReadAll(c); string(b) != "echo" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	}
	l.Close()
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := l.Dial(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
