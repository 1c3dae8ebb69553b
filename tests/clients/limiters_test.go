package clients

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	redsyncpool "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

// Locks and rate limiters: what they decide, they decide in scripts.

func TestNodeLimiters(t *testing.T) {
	t.Parallel()
	runScript(t, []string{"node", "node/limiters.js"},
		"rate-limiter-flexible (ioredis)", "rate-limiter-flexible (node-redis)", "rate-limiter-flexible combined",
		"express-rate-limit (ioredis)", "express-rate-limit (node-redis)", "redlock")
}

// TestRedisRate: redis_rate's GCRA: a burst, how much of one is left, and when there is
// more; and that many who ask at the same time get no more than the limit.
func TestRedisRate(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, ctx := connect(t, &redis.Options{Addr: s.Addr})
	limiter := redis_rate.NewLimiter(c)
	// One more every 36 seconds: none comes while the test runs.
	limit := redis_rate.PerHour(100)
	for i := range 100 {
		res, err := limiter.Allow(ctx, "burst", limit)
		if err != nil || res.Allowed != 1 || res.Remaining != 99-i || res.RetryAfter != -1 {
			t.Fatalf("%d: %+v, %v", i, res, err)
		}
	}
	res, err := limiter.Allow(ctx, "burst", limit)
	if err != nil || res.Allowed != 0 || res.Remaining != 0 || res.RetryAfter <= 0 || res.RetryAfter > 36*time.Second {
		t.Fatalf("beyond the limit: %+v, %v", res, err)
	}
	if res.ResetAfter < 59*time.Minute || res.ResetAfter > time.Hour {
		t.Errorf("full again after %v", res.ResetAfter)
	}
	if ttl := c.TTL(ctx, "rate:burst").Val(); ttl < 59*time.Minute || ttl > time.Hour {
		t.Errorf("TTL %v", ttl)
	}
	if err := limiter.Reset(ctx, "burst"); err != nil {
		t.Fatal(err)
	}
	if res, err := limiter.AllowN(ctx, "burst", limit, 101); err != nil || res.Allowed != 0 {
		t.Errorf("101 of 100: %+v, %v", res, err)
	}
	if res, err := limiter.AllowN(ctx, "burst", limit, 60); err != nil || res.Allowed != 60 || res.Remaining != 40 {
		t.Errorf("60 of 100: %+v, %v", res, err)
	}
	if res, err := limiter.AllowAtMost(ctx, "burst", limit, 60); err != nil || res.Allowed != 40 || res.Remaining != 0 {
		t.Errorf("60 of the 40 that are left: %+v, %v", res, err)
	}
	fast := redis_rate.Limit{Rate: 1, Burst: 1, Period: 50 * time.Millisecond}
	await(t, func() bool {
		res, err := limiter.Allow(ctx, "fast", fast)
		return err == nil && res.Allowed == 0
	})
	await(t, func() bool {
		res, err := limiter.Allow(ctx, "fast", fast)
		return err == nil && res.Allowed == 1
	})
	if n := allowedOf(t, ctx, limiter, limit); n != 100 {
		t.Errorf("%d at the same time were allowed", n)
	}
}

// allowedOf counts whom the limiter lets through when 400 ask from 20 goroutines.
func allowedOf(t *testing.T, ctx context.Context, limiter *redis_rate.Limiter, limit redis_rate.Limit) int64 {
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				res, err := limiter.Allow(ctx, "shared", limit)
				if err != nil {
					t.Error(err)
					return
				}
				allowed.Add(int64(res.Allowed))
			}
		})
	}
	wg.Wait()
	return allowed.Load()
}

// TestRedsync: redsync's lock over three servers: one who holds it, others who cannot take,
// extend or release it, a server that is gone, and turns of many.
func TestRedsync(t *testing.T) {
	t.Parallel()
	var pools []redsyncpool.Pool
	var clients []*redis.Client
	var third *harness.Server
	ctx := context.Background()
	for i := range 3 {
		s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t)})
		if err != nil {
			t.Fatal(err)
		}
		third = s
		if i < 2 {
			harness.Bind(t, s)
		} else {
			t.Cleanup(func() { _ = s.Kill() })
		}
		c, _ := connect(t, &redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1})
		clients, pools = append(clients, c), append(pools, goredis.NewPool(c))
	}
	rs := redsync.New(pools...)
	lock := rs.NewMutex("lock", redsync.WithExpiry(time.Hour))
	if err := lock.LockContext(ctx); err != nil {
		t.Fatal(err)
	}
	var taken *redsync.ErrTaken
	if err := rs.NewMutex("lock", redsync.WithExpiry(time.Hour)).TryLock(); !errors.As(err, &taken) {
		t.Errorf("%v for a lock that is held", err)
	}
	stranger := rs.NewMutex("lock", redsync.WithExpiry(time.Hour), redsync.WithValue("of nobody"))
	if ok, err := stranger.Unlock(); ok || err == nil {
		t.Errorf("a stranger's release: %v, %v", ok, err)
	}
	if ok, err := stranger.Extend(); ok || err == nil {
		t.Errorf("a stranger's extension: %v, %v", ok, err)
	}
	clients[0].PExpire(ctx, "lock", time.Minute)
	if ok, err := lock.Extend(); !ok || err != nil {
		t.Errorf("extending: %v, %v", ok, err)
	}
	if ttl := clients[0].TTL(ctx, "lock").Val(); ttl < 59*time.Minute || ttl > time.Hour {
		t.Errorf("TTL %v", ttl)
	}
	if ok, err := lock.Unlock(); !ok || err != nil {
		t.Errorf("releasing: %v, %v", ok, err)
	}
	if n := clients[0].Exists(ctx, "lock").Val() + clients[1].Exists(ctx, "lock").Val() + clients[2].Exists(ctx, "lock").Val(); n != 0 {
		t.Errorf("the lock is left in %d servers", n)
	}
	if err := third.Kill(); err != nil {
		t.Fatal(err)
	}
	lockedTurns(t, ctx, rs, clients[0])
}

// lockedTurns counts a value up in turns that the lock gives.
func lockedTurns(t *testing.T, ctx context.Context, rs *redsync.Redsync, c *redis.Client) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 20 {
				lock := rs.NewMutex("turns", redsync.WithExpiry(time.Hour), redsync.WithTries(20000),
					redsync.WithRetryDelay(time.Duration(2+i)*time.Millisecond))
				if err := lock.Lock(); err != nil {
					t.Error(err)
					return
				}
				n, _ := c.Get(ctx, "turn").Int()
				c.Set(ctx, "turn", n+1, 0)
				if ok, err := lock.Unlock(); !ok {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := c.Get(ctx, "turn").Val(); n != "80" {
		t.Errorf("%s turns", n)
	}
}
