package embed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/kringdb/kring"
	"github.com/kringdb/kring/internal/raceflag"
)

// inMemory starts a server without listeners and makes a client of it.
func inMemory(t *testing.T, config string) (*kring.Server, *redis.Client) {
	t.Helper()
	old := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(old); err != nil {
			t.Error(err)
		}
	})
	srv := kring.StartT(t, kring.Options{InMemory: true, Config: config})
	rdb := redis.NewClient(&redis.Options{
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return srv.Dial(ctx) },
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return srv, rdb
}

// TestDial runs in memory what clients do: many at once, long pipelines, large values,
// transactions, messages, waiting.
func TestDial(t *testing.T) {
	calls := 20000
	if raceflag.Enabled {
		calls = 4000
	}
	for _, model := range []string{"reactor", "goroutine"} {
		t.Run(model, func(t *testing.T) {
			ctx := t.Context()
			srv, rdb := inMemory(t, "io-model "+model)
			if srv.Addr() != "" {
				t.Error("it listens on", srv.Addr())
			}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for range 200 {
						if err := rdb.Incr(ctx, "n").Err(); err != nil {
							t.Error(i, err)
							return
						}
					}
				})
			}
			wg.Wait()
			if n := rdb.Get(ctx, "n").Val(); n != "1600" {
				t.Error("n is", n)
			}

			big := strings.Repeat("v", 3<<20)
			if err := rdb.Set(ctx, "big", big, 0).Err(); err != nil || rdb.Get(ctx, "big").Val() != big {
				t.Error("a large value is not what it was", err)
			}
			pipe := rdb.Pipeline()
			for i := range calls {
				pipe.Set(ctx, fmt.Sprint("k", i), strings.Repeat("v", 100), 0)
				pipe.Get(ctx, fmt.Sprint("k", i))
			}
			if cmds, err := pipe.Exec(ctx); err != nil || len(cmds) != 2*calls {
				t.Error(len(cmds), err)
			}

			sub := rdb.Subscribe(ctx, "news")
			defer sub.Close()
			if _, err := sub.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			popped := make(chan string, 1)
			go func() {
				got := rdb.BLPop(ctx, 0, "list").Val()
				popped <- fmt.Sprint(got)
			}()
			for !strings.Contains(rdb.Info(ctx, "clients").Val(), "blocked_clients:1") {
				time.Sleep(time.Millisecond)
			}
			if _, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.LPush(ctx, "list", "x")
				p.Publish(ctx, "news", "extra")
				return nil
			}); err != nil {
				t.Error(err)
			}
			if got := <-popped; got != "[list x]" {
				t.Error(got)
			}
			if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "extra" {
				t.Error(m, err)
			}
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
			if _, err := srv.Dial(ctx); !errors.Is(err, net.ErrClosed) {
				t.Error("dialing a closed server:", err)
			}
		})
	}
}

// BenchmarkRoundTrip compares the ways to an embedded server: a GET by go-redis and its
// reply.
func BenchmarkRoundTrip(b *testing.B) {
	srv := kring.StartT(b, kring.Options{})
	for name, o := range map[string]*redis.Options{
		"tcp":    {Addr: srv.Addr()},
		"memory": {Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return srv.Dial(ctx) }},
	} {
		b.Run(name, func(b *testing.B) {
			rdb := redis.NewClient(o)
			defer rdb.Close()
			for b.Loop() {
				if err := rdb.Get(b.Context(), "k").Err(); err != redis.Nil {
					b.Fatal(err)
				}
			}
		})
	}
}
