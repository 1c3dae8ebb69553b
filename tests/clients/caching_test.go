package clients

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/redis/rueidis"
)

// TestRueidisCaching: rueidis answers from its cache until the server tells it of a change,
// in each of its ways to track.
func TestRueidisCaching(t *testing.T) {
	s := start(t)
	for name, options := range map[string][]string{
		"its default": nil, // OPTIN
		"broadcast":   {"PREFIX", "user:", "BCAST"},
		"optout":      {"OPTOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr}, ClientTrackingOptions: options})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			cached := func(key string) (string, bool) {
				r := c.DoCache(ctx, c.B().Get().Key(key).Cache(), time.Hour)
				v, err := r.ToString()
				if err != nil && !rueidis.IsRedisNil(err) {
					t.Fatal(err)
				}
				return v, r.IsCacheHit()
			}
			for i, change := range [][]string{
				{"SET", "user:1", "b"}, {"APPEND", "user:1", "c"}, {"DEL", "user:1"}, {"PEXPIRE", "user:1", "1"},
				{"RENAME", "user:1", "user:2"}, {"FLUSHALL"},
			} {
				if got := cli(t, s, "SET", "user:1", fmt.Sprint(i)); got != "OK\n" {
					t.Fatal(got)
				}
				await(t, func() bool { v, _ := cached("user:1"); return v == fmt.Sprint(i) })
				if _, hit := cached("user:1"); !hit {
					t.Error("not answered from the cache")
				}
				cli(t, s, change...)
				want := map[int]string{0: "b", 1: "1c"}[i]
				await(t, func() bool { v, _ := cached("user:1"); return v == want })
			}
			many, err := rueidis.MGetCache(c, ctx, time.Hour, []string{"user:1", "user:2"})
			if err != nil || len(many) != 2 {
				t.Error(many, err)
			}
		})
	}
}

func await(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("does not come")
		}
	}
}

// TestRedigo: redigo with its defaults: commands, pipelines, transactions, scans, pub/sub,
// and client-side caching by redirection, as its RESP2 allows.
func TestRedigo(t *testing.T) {
	s := start(t)
	pool := &redis.Pool{MaxIdle: 4, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", s.Addr, redis.DialReadTimeout(time.Minute), redis.DialDatabase(1), redis.DialClientName("redigo"))
	}}
	defer pool.Close()
	c := pool.Get()
	defer c.Close()
	if v, err := redis.String(c.Do("SET", "k", "v", "EX", 100)); v != "OK" || err != nil {
		t.Fatal(v, err)
	}
	if _, err := redis.String(c.Do("GET", "nokey")); err != redis.ErrNil {
		t.Error(err)
	}
	if _, err := c.Do("HSET", redis.Args{}.Add("h").AddFlat(map[string]int{"a": 1, "b": 2})...); err != nil {
		t.Error(err)
	}
	if m, err := redis.IntMap(c.Do("HGETALL", "h")); err != nil || m["a"] != 1 || m["b"] != 2 {
		t.Error(m, err)
	}
	for i := range 500 {
		_ = c.Send("INCRBY", "n", i)
	}
	_ = c.Flush()
	for i := range 500 {
		if n, err := redis.Int(c.Receive()); err != nil || n != i*(i+1)/2 {
			t.Fatal(i, n, err)
		}
	}
	_ = c.Send("MULTI")
	_ = c.Send("SET", "a", "1")
	_ = c.Send("INCR", "a")
	if v, err := redis.Values(c.Do("EXEC")); err != nil || len(v) != 2 || v[1].(int64) != 2 {
		t.Error(v, err)
	}
	seen := map[string]bool{}
	for cursor := 0; ; {
		v, err := redis.Values(c.Do("SCAN", cursor, "COUNT", 2))
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		if _, err := redis.Scan(v, &cursor, &keys); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			seen[k] = true
		}
		if cursor == 0 {
			break
		}
	}
	if len(seen) != 4 {
		t.Error(seen)
	}
	redigoInvalidations(t, pool)
}

// redigoInvalidations caches on one connection and listens on another one.
func redigoInvalidations(t *testing.T, pool *redis.Pool) {
	listener, c, w := pool.Get(), pool.Get(), pool.Get()
	defer listener.Close()
	defer c.Close()
	defer w.Close()
	id, err := redis.Int(listener.Do("CLIENT", "ID"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Do("CLIENT", "TRACKING", "ON", "REDIRECT", id); err != nil {
		t.Fatal(err)
	}
	psc := redis.PubSubConn{Conn: listener}
	if err := psc.Subscribe("__redis__:invalidate", "news"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if sub, ok := psc.Receive().(redis.Subscription); !ok || sub.Kind != "subscribe" {
			t.Fatal(sub)
		}
	}
	for i := range 20 {
		key := fmt.Sprint("key:", i)
		if _, err := c.Do("GET", key); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Do("SET", key, i); err != nil {
			t.Fatal(err)
		}
		v, err := redis.Values(listener.Receive())
		if err != nil || len(v) != 3 {
			t.Fatal(v, err)
		}
		if keys, err := redis.Strings(v[2], nil); err != nil || len(keys) != 1 || keys[0] != key {
			t.Fatal(keys, err)
		}
	}
	if n, err := redis.Int(w.Do("PUBLISH", "news", "hello")); n != 1 || err != nil {
		t.Error(n, err)
	}
	if m, ok := psc.Receive().(redis.Message); !ok || m.Channel != "news" || string(m.Data) != "hello" {
		t.Error(m, ok)
	}
}
