package clients

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"
)

// Applications and frameworks on top of the clients; those that live on scripts are in
// limiters_test.go and queues_test.go.

func TestConnectRedis(t *testing.T) {
	runScript(t, []string{"node", "node/sessions.js"}, "stored", "read back", "many", "logout", "expired")
}

func TestCelery(t *testing.T) {
	runScript(t, []string{"/usr/bin/python3", "scripts/celeryapp.py"},
		"task", "visibility restore", "group", "chain and chord", "countdown", "retry and failure", "control", "simple queue")
}

// TestGoRedisCache: go-redis/cache: values with a lifetime, its local cache before the
// server, and one computation however many ask at the same time.
func TestGoRedisCache(t *testing.T) {
	s := start(t)
	c, ctx := connect(t, &redis.Options{Addr: s.Addr})
	type user struct {
		Name string
		Tags []string
	}
	plain := cache.New(&cache.Options{Redis: c, StatsEnabled: true})
	want := user{Name: "Ada", Tags: []string{"a", "b"}}
	if err := plain.Set(&cache.Item{Ctx: ctx, Key: "user:1", Value: want, TTL: time.Hour}); err != nil {
		t.Fatal(err)
	}
	var got user
	if err := plain.Get(ctx, "user:1", &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%+v, %v", got, err)
	}
	if ttl := c.TTL(ctx, "user:1").Val(); ttl < 59*time.Minute || ttl > time.Hour {
		t.Errorf("TTL %v", ttl)
	}
	if err := plain.Set(&cache.Item{Ctx: ctx, Key: "user:1", Value: user{}, SetNX: true, TTL: time.Hour}); err != nil {
		t.Error(err)
	}
	if err := plain.Set(&cache.Item{Ctx: ctx, Key: "user:2", Value: want, SetXX: true, TTL: time.Hour}); err != nil {
		t.Error(err)
	}
	if plain.Exists(ctx, "user:2") || plain.Get(ctx, "user:1", &got) != nil || got.Name != "Ada" {
		t.Errorf("SETNX or SETXX: %+v", got)
	}
	if st := plain.Stats(); st.Hits < 2 || st.Misses != 1 {
		t.Errorf("%+v", st)
	}
	if err := plain.Set(&cache.Item{Ctx: ctx, Key: "short", Value: "lived", TTL: time.Second}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return errors.Is(plain.Get(ctx, "short", new(string)), cache.ErrCacheMiss) })
	onceAndLocal(t, ctx, c)
}

func onceAndLocal(t *testing.T, ctx context.Context, c *redis.Client) {
	local := cache.New(&cache.Options{Redis: c, LocalCache: cache.NewTinyLFU(100, time.Minute)})
	var computed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			var v string
			err := local.Once(&cache.Item{Ctx: ctx, Key: "once", Value: &v, Do: func(*cache.Item) (any, error) {
				computed.Add(1)
				time.Sleep(20 * time.Millisecond)
				return "computed", nil
			}})
			if err != nil || v != "computed" {
				t.Error(v, err)
			}
		})
	}
	wg.Wait()
	if n := computed.Load(); n != 1 {
		t.Errorf("computed %d times", n)
	}
	c.Del(ctx, "once")
	var v string
	if err := local.Get(ctx, "once", &v); err != nil || v != "computed" {
		t.Errorf("%q, %v from the local cache", v, err)
	}
	if err := local.GetSkippingLocalCache(ctx, "once", &v); !errors.Is(err, cache.ErrCacheMiss) {
		t.Errorf("%v from the server", err)
	}
}
