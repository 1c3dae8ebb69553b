package clients

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

// connect gives a go-redis client for the length of the test, with patience: by itself it gives up after 3 seconds, and
// runs a call again then, which may be one that does not bear it.
func connect(t *testing.T, opt *redis.Options) (*redis.Client, context.Context) {
	t.Helper()
	if opt.ReadTimeout == 0 {
		opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = time.Minute, time.Minute, time.Minute, time.Minute
	}
	c := redis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return c, ctx
}

func TestGoRedisDefaults(t *testing.T) {
	s := start(t)
	for _, proto := range []int{0, 2, 3} {
		c, ctx := connect(t, &redis.Options{Addr: s.Addr, Protocol: proto, DB: 2, ClientName: "tests"})
		if err := c.Set(ctx, "k", "v", time.Hour).Err(); err != nil {
			t.Fatal(proto, err)
		}
		if got, err := c.Get(ctx, "k").Result(); err != nil || got != "v" {
			t.Fatal(proto, got, err)
		}
		if ttl := c.TTL(ctx, "k").Val(); ttl < 59*time.Minute || ttl > time.Hour {
			t.Errorf("proto %d: TTL %v", proto, ttl)
		}
		if _, err := c.Get(ctx, "nokey").Result(); !errors.Is(err, redis.Nil) {
			t.Errorf("proto %d: %v for a missing key", proto, err)
		}
		if name := c.ClientGetName(ctx).Val(); name != "tests" {
			t.Errorf("proto %d: name %q", proto, name)
		}
		info, err := c.ClientInfo(ctx).Result()
		if err != nil || info.DB != 2 || info.LibName == "" && s.IsKring() {
			t.Errorf("proto %d: %+v, %v", proto, info, err)
		}
		if m := c.ConfigGet(ctx, "max*").Val(); m["maxclients"] == "" {
			t.Errorf("proto %d: CONFIG GET %v", proto, m)
		}
		if cmds, err := c.Command(ctx).Result(); err != nil || cmds["get"] == nil || cmds["get"].FirstKeyPos != 1 {
			t.Errorf("proto %d: COMMAND: %v", proto, err)
		}
		if n := c.Exists(ctx, "k", "k", "nokey").Val(); n != 2 {
			t.Errorf("proto %d: EXISTS %d", proto, n)
		}
	}
}

func TestGoRedisConditionalSetAndExpiry(t *testing.T) {
	s := start(t)
	c, ctx := connect(t, &redis.Options{Addr: s.Addr})
	if ok := c.SetNX(ctx, "lock", "a", time.Hour).Val(); !ok {
		t.Fatal("SETNX on a free key failed")
	}
	if ok := c.SetNX(ctx, "lock", "b", time.Second).Val(); ok {
		t.Fatal("SETNX on a held key succeeded")
	}
	if !c.PExpire(ctx, "lock", 50*time.Millisecond).Val() {
		t.Fatal("PEXPIRE")
	}
	deadline := time.Now().Add(time.Minute)
	for !c.SetNX(ctx, "lock", "b", time.Minute).Val() {
		if time.Now().After(deadline) {
			t.Fatal("the lock never expired")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if old, err := c.SetArgs(ctx, "lock", "c", redis.SetArgs{Mode: "XX", Get: true, KeepTTL: true}).Result(); err != nil || old != "b" {
		t.Errorf("SET XX GET KEEPTTL: %q, %v", old, err)
	}
	if !c.ExpireGT(ctx, "lock", time.Hour).Val() || c.ExpireLT(ctx, "lock", 2*time.Hour).Val() {
		t.Error("EXPIRE GT or LT")
	}
	if f := c.IncrByFloat(ctx, "f", 0.1).Val(); f != 0.1 {
		t.Errorf("INCRBYFLOAT %v", f)
	}
	if lcs := c.LCS(ctx, &redis.LCSQuery{Key1: "lock", Key2: "lock"}).Val(); lcs.MatchString != "c" {
		t.Errorf("LCS %+v", lcs)
	}
	if got := c.BitField(ctx, "bits", "SET", "u8", "#0", 200, "GET", "u4", "0").Val(); len(got) != 2 || got[1] != 12 {
		t.Errorf("BITFIELD %v", got)
	}
}

func TestGoRedisPipelinesAndScan(t *testing.T) {
	s := start(t)
	c, ctx := connect(t, &redis.Options{Addr: s.Addr, Protocol: 3})
	const n = 5000
	cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range n {
			p.Set(ctx, fmt.Sprint("s:", i), i, 0)
		}
		p.Do(ctx, "NOSUCH")
		p.MGet(ctx, "s:1", "nokey", "s:2")
		return nil
	})
	if len(cmds) != n+2 || err == nil || cmds[n].Err() == nil {
		t.Fatal(len(cmds), err)
	}
	if got := cmds[n+1].(*redis.SliceCmd).Val(); len(got) != 3 || got[0] != "1" || got[1] != nil || got[2] != "2" {
		t.Errorf("MGET %v", got)
	}
	seen := map[string]bool{}
	it := c.Scan(ctx, 0, "s:*", 50).Iterator()
	for it.Next(ctx) {
		seen[it.Val()] = true
	}
	if it.Err() != nil || len(seen) != n {
		t.Errorf("iterated %d keys, %v", len(seen), it.Err())
	}
	if it := c.ScanType(ctx, 0, "", 1000, "string").Iterator(); !it.Next(ctx) {
		t.Error("SCAN TYPE string found nothing")
	}
}

func TestGoRedisManyGoroutines(t *testing.T) {
	s := start(t)
	c, ctx := connect(t, &redis.Options{Addr: s.Addr, PoolSize: 20})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 500 {
				if err := c.Incr(ctx, "n").Err(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := c.Get(ctx, "n").Val(); got != "10000" {
		t.Errorf("20 x 500 INCR gave %s", got)
	}
}

// TestGoRedisReconnects: a client survives its server's restart on the same port.
func TestGoRedisReconnects(t *testing.T) {
	cfg := harness.Config{Bin: harness.SubjectBin(t)}
	s, err := harness.Launch(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, ctx := connect(t, &redis.Options{Addr: s.Addr})
	if err := c.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(ctx).Err(); err == nil {
		t.Fatal("PING without a server")
	}
	cfg.Bare, cfg.Network, cfg.Addr = true, "tcp", s.Addr
	cfg.Args = []string{"--port", fmt.Sprint(s.Port), "--bind", "127.0.0.1", "--save", ""}
	harness.StartConfig(t, cfg)
	if err := c.Set(ctx, "k", "again", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got := c.Get(ctx, "k").Val(); got != "again" {
		t.Errorf("got %q", got)
	}
}

func TestGoRedisPassword(t *testing.T) {
	s := start(t, "--requirepass", "secret")
	for _, user := range []string{"", "default"} {
		c, ctx := connect(t, &redis.Options{Addr: s.Addr, Username: user, Password: "secret"})
		if err := c.Ping(ctx).Err(); err != nil {
			t.Errorf("user %q: %v", user, err)
		}
	}
	c, ctx := connect(t, &redis.Options{Addr: s.Addr, Password: "wrong", MaxRetries: -1})
	if err := c.Ping(ctx).Err(); err == nil {
		t.Error("a wrong password was accepted")
	}
}
