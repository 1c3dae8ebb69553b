package clustertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// patience is how long something may take that must happen.
const patience = 2 * time.Minute

// ttl is short, and as long as etcd allows for.
const ttl = 2 * time.Second

// Contract tests coordinators: open returns one that is empty, for one test.
func Contract(t *testing.T, open func(t *testing.T) cluster.Coordinator) {
	all(t, open, map[string]tester{
		"transactions":   transactions,
		"watch":          watch,
		"counter":        counter,
		"lease expires":  leaseExpires,
		"lease renewed":  leaseRenewed,
		"lease revoked":  leaseRevoked,
		"ended contexts": endedContexts,
	})
}

type tester func(*testing.T, context.Context, cluster.Coordinator)

func all(t *testing.T, open func(t *testing.T) cluster.Coordinator, tests map[string]tester) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			test(t, ctx, open(t))
		})
	}
}

func commit(t *testing.T, ctx context.Context, c cluster.Coordinator, txn cluster.Txn) int64 {
	t.Helper()
	revision, err := c.Commit(ctx, txn)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// contents is all that c has: key=value@revision.
func contents(t *testing.T, ctx context.Context, c cluster.Coordinator) string {
	t.Helper()
	s, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, p := range s.Pairs {
		if p.Revision < 1 || p.Revision > s.Revision {
			t.Errorf("%s is of revision %d, everything of %d", p.Key, p.Revision, s.Revision)
		}
		text += fmt.Sprintf("%s=%s ", p.Key, p.Value)
	}
	return text
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %q, not %q", what, got, want)
	}
}

func put(key, value string) cluster.Put { return cluster.Put{Key: key, Value: []byte(value)} }

func transactions(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	same(t, "at first", contents(t, ctx, c), "")
	first := commit(t, ctx, c, cluster.Txn{
		If:  []cluster.Condition{{Key: "node/b", Revision: 0}},
		Put: []cluster.Put{put("node/b", `{"x":1}`), put("node/a", "2")},
	})
	same(t, "after two", contents(t, ctx, c), `node/a=2 node/b={"x":1} `)

	for _, cond := range []cluster.Condition{{Key: "node/a", Revision: 0}, {Key: "node/a", Revision: first - 1}, {Key: "none", Revision: first}} {
		good := cluster.Condition{Key: "node/b", Revision: first}
		_, err := c.Commit(ctx, cluster.Txn{If: []cluster.Condition{good, cond}, Put: []cluster.Put{put("node/a", "3")}, Delete: []string{"node/b"}})
		if !errors.Is(err, cluster.ErrConflict) {
			t.Errorf("condition %+v: %v", cond, err)
		}
	}
	same(t, "after conflicts", contents(t, ctx, c), `node/a=2 node/b={"x":1} `)

	second := commit(t, ctx, c, cluster.Txn{
		If:     []cluster.Condition{{Key: "node/a", Revision: first}, {Key: "none", Revision: 0}},
		Put:    []cluster.Put{put("node/a", "3")},
		Delete: []string{"node/b", "none"},
	})
	if second <= first {
		t.Errorf("revision %d after %d", second, first)
	}
	same(t, "after all", contents(t, ctx, c), `node/a=3 `)
	s, err := c.Read(ctx)
	if err != nil || s.Revision < second || s.Pairs[0].Revision != second {
		t.Errorf("%+v, %v", s, err)
	}
}

// watch sees transactions that came before it and after, whole and in order.
func watch(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	const total = 50
	start := commit(t, ctx, c, cluster.Txn{Put: []cluster.Put{put("before", "0")}})
	write := func(i int) {
		n := strconv.Itoa(i)
		txn := cluster.Txn{Put: []cluster.Put{put("a", n), put("b", n)}}
		if i%10 == 9 {
			txn = cluster.Txn{Put: []cluster.Put{put("b", n)}, Delete: []string{"a"}}
		}
		commit(t, ctx, c, txn)
	}
	for i := range total / 2 {
		write(i)
	}
	done := errors.New("all has come")
	result := make(chan error, 1)
	go func() {
		i, a, b, revision := 0, "", "", start
		result <- c.Watch(ctx, start, func(change cluster.Change) error {
			if change.Revision <= revision {
				return fmt.Errorf("revision %d after %d", change.Revision, revision)
			}
			revision = change.Revision
			for _, e := range change.Events {
				if e.Key != "a" && e.Key != "b" {
					return fmt.Errorf("change of %s", e.Key)
				}
				switch {
				case e.Key == "b":
					if b = string(e.Value); b != strconv.Itoa(i) {
						return fmt.Errorf("b is %s, not %d", b, i)
					}
					i++
				case e.Deleted:
					a = ""
				default:
					a = string(e.Value)
				}
			}
			if want := b; i%10 == 0 && a != "" || i%10 != 0 && a != want {
				return fmt.Errorf("a part of transaction %d: a is %q, b is %q", i-1, a, b)
			}
			if i == total {
				return done
			}
			return nil
		})
	}()
	for i := total / 2; i < total; i++ {
		write(i)
	}
	if err := <-result; !errors.Is(err, done) {
		t.Fatal(err)
	}
}

// counter is raised by several at once, each on the condition that nobody was first.
func counter(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	const writers, each = 4, 20
	commit(t, ctx, c, cluster.Txn{Put: []cluster.Put{put("n", "0")}})
	raise := func() error {
		for {
			s, err := c.Read(ctx)
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(s.Pairs[0].Value))
			if err != nil {
				return err
			}
			_, err = c.Commit(ctx, cluster.Txn{
				If:  []cluster.Condition{{Key: "n", Revision: s.Pairs[0].Revision}},
				Put: []cluster.Put{put("n", strconv.Itoa(n+1))},
			})
			if !errors.Is(err, cluster.ErrConflict) {
				return err
			}
		}
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if err := raise(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	same(t, "the counter", contents(t, ctx, c), fmt.Sprintf("n=%d ", writers*each))
}

// granted writes a key with a lease, and another one without.
func granted(t *testing.T, ctx context.Context, c cluster.Coordinator) (cluster.Lease, int64) {
	t.Helper()
	before := time.Now()
	lease, err := c.Grant(ctx, ttl)
	if err != nil {
		t.Fatal(err)
	}
	if d := lease.Until().Sub(before); d < ttl {
		t.Errorf("a lease of %v was granted for %v", ttl, d)
	}
	revision := commit(t, ctx, c, cluster.Txn{Put: []cluster.Put{{Key: "live/a", Value: []byte("1"), Lease: lease}, put("node/a", "1")}})
	return lease, revision
}

// awaitGone waits until the key of the lease has gone, and tells when that came.
func awaitGone(t *testing.T, ctx context.Context, c cluster.Coordinator, after int64) time.Time {
	t.Helper()
	done := errors.New("gone")
	var when time.Time
	err := c.Watch(ctx, after, func(change cluster.Change) error {
		for _, e := range change.Events {
			if e.Key == "live/a" && e.Deleted {
				when = time.Now()
				return done
			}
			return fmt.Errorf("%s has changed", e.Key)
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}
	same(t, "after the lease", contents(t, ctx, c), "node/a=1 ")
	return when
}

func ended(t *testing.T, ctx context.Context, c cluster.Coordinator, lease cluster.Lease) {
	t.Helper()
	if err := lease.Renew(ctx); !errors.Is(err, cluster.ErrLeaseEnded) {
		t.Errorf("renewing a lease that has ended: %v", err)
	}
	_, err := c.Commit(ctx, cluster.Txn{Put: []cluster.Put{put("node/b", "1"), {Key: "live/b", Value: []byte("1"), Lease: lease}}})
	if !errors.Is(err, cluster.ErrLeaseEnded) {
		t.Errorf("writing with a lease that has ended: %v", err)
	}
	same(t, "after that", contents(t, ctx, c), "node/a=1 ")
}

func leaseExpires(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	lease, revision := granted(t, ctx, c)
	if when := awaitGone(t, ctx, c, revision); when.Before(lease.Until()) {
		t.Errorf("it has ended %v too early", lease.Until().Sub(when))
	}
	ended(t, ctx, c, lease)
}

// leaseRenewed renews a lease for longer than it lives, and then no more.
func leaseRenewed(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	lease, revision := granted(t, ctx, c)
	first := lease.Until()
	for begin := time.Now(); time.Since(begin) < ttl*5/4; time.Sleep(ttl / 10) {
		before := time.Now()
		if err := lease.Renew(ctx); errors.Is(err, cluster.ErrLeaseEnded) && time.Now().After(lease.Until()) {
			t.Skip("this machine was too slow to renew in time")
		} else if err != nil {
			t.Fatal(err)
		}
		if d := lease.Until().Sub(before); d < ttl {
			t.Fatalf("a lease of %v was renewed for %v", ttl, d)
		}
	}
	when := awaitGone(t, ctx, c, revision)
	if when.Before(lease.Until()) || !lease.Until().After(first) {
		t.Errorf("it has ended %v too early", lease.Until().Sub(when))
	}
	ended(t, ctx, c, lease)
}

func leaseRevoked(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	lease, revision := granted(t, ctx, c)
	if err := lease.Revoke(ctx); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, ctx, c, revision)
	ended(t, ctx, c, lease)
}

func endedContexts(t *testing.T, ctx context.Context, c cluster.Coordinator) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Read(dead); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if _, err := c.Commit(dead, cluster.Txn{Put: []cluster.Put{put("a", "1")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: %v", err)
	}
	if err := c.Watch(dead, 0, func(cluster.Change) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v", err)
	}
	same(t, "nothing", contents(t, ctx, c), "")

	// One that waits ends with its context.
	waiting, stop := context.WithCancel(ctx)
	result := make(chan error, 1)
	seen := make(chan struct{})
	revision := commit(t, ctx, c, cluster.Txn{Put: []cluster.Put{put("a", "1")}})
	go func() {
		result <- c.Watch(waiting, revision-1, func(cluster.Change) error { close(seen); return nil })
	}()
	<-seen
	stop()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v", err)
	}
}
