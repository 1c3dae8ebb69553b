package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/cluster/clustertest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	clustertest.Contract(t, func(*testing.T) cluster.Coordinator { return cluster.NewMemory() })
}

func openFile(t *testing.T, path string) *cluster.File {
	t.Helper()
	f, err := cluster.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFile(t *testing.T) {
	t.Parallel()
	clustertest.Contract(t, func(t *testing.T) cluster.Coordinator { return openFile(t, filepath.Join(t.TempDir(), "nodes.conf")) })
}

func openShared(t *testing.T, path string) *cluster.Shared {
	t.Helper()
	s, err := cluster.OpenShared(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestShared(t *testing.T) {
	t.Parallel()
	clustertest.Contract(t, func(t *testing.T) cluster.Coordinator { return openShared(t, filepath.Join(t.TempDir(), "nodes.conf")) })
}

// TestSharedByTwo: two who share a file count without losing anything, and each sees what the other
// has done, be it that it only watches.
func TestSharedByTwo(t *testing.T) {
	const each = 50
	path := filepath.Join(t.TempDir(), "nodes.conf")
	a, b := openShared(t, path), openShared(t, path)
	put(t, a, "n", "0")
	var counters sync.WaitGroup
	for _, s := range []*cluster.Shared{a, b} {
		counters.Go(func() {
			for n := 0; n < each; {
				state, err := s.Read(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				p := state.Pairs[0]
				var v int
				if err := json.Unmarshal(p.Value, &v); err != nil {
					t.Error(err)
					return
				}
				_, err = s.Commit(t.Context(), cluster.Txn{If: []cluster.Condition{{Key: "n", Revision: p.Revision}},
					Put: []cluster.Put{{Key: "n", Value: []byte(strconv.Itoa(v + 1))}}})
				switch {
				case err == nil:
					n++
				case !errors.Is(err, cluster.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	counters.Wait()
	done := errors.New("done")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i, s := range []*cluster.Shared{a, b} {
		err := s.Watch(ctx, 1, func(c cluster.Change) error {
			for _, e := range c.Events {
				if string(e.Value) == strconv.Itoa(2*each) {
					return done
				}
			}
			return nil
		})
		if !errors.Is(err, done) {
			t.Errorf("%d: %v", i, err)
		}
	}
	put(t, a, "m", "1")
	if _, err := a.Commit(t.Context(), cluster.Txn{Delete: []string{"n"}}); err != nil {
		t.Fatal(err)
	}
	state, err := b.Read(t.Context())
	if err != nil || len(state.Pairs) != 1 || state.Pairs[0].Key != "m" {
		t.Errorf("%+v, %v", state, err)
	}
	if a.Close(); !errors.Is(a.Close(), nil) {
		t.Error("closed twice")
	}
	if _, err := a.Read(t.Context()); !errors.Is(err, cluster.ErrClosed) {
		t.Error(err)
	}
}

// TestSharedRevisions: all who read a file know the same of when its keys were written, whenever they began to.
func TestSharedRevisions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	a, b := openShared(t, path), openShared(t, path)
	for _, p := range [][2]string{{"k", "1"}, {"l", "1"}, {"m", "1"}, {"l", "1"}, {"k", "2"}, {"n", "1"}} {
		put(t, a, p[0], p[1])
		if p[0] != "l" { // b has not looked at each
			if _, err := b.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := a.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*cluster.Shared{"from the beginning": b, "later": openShared(t, path)} {
		if got, err := s.Read(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("who reads it %s has %+v, %v, not %+v", name, got, err, want)
		}
	}
}

func put(t *testing.T, c cluster.Coordinator, key, value string) int64 {
	t.Helper()
	revision, err := c.Commit(t.Context(), cluster.Txn{Put: []cluster.Put{{Key: key, Value: []byte(value)}}})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// TestSharedSeesEveryFile: a file that has taken the place of the known one within a tick of the clock is seen, although it may have got the number
// of that, which is free again.
func TestSharedSeesEveryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "topology.json")
	a, b := openShared(t, path), openShared(t, path)
	value := func(c cluster.Coordinator) string {
		s, err := c.Read(t.Context())
		if err != nil || len(s.Pairs) != 1 {
			t.Fatal(s, err)
		}
		return string(s.Pairs[0].Value)
	}
	for round := range 20 {
		last := ""
		for i := range 3 {
			last = strconv.Itoa(round*3 + i)
			if _, err := b.Commit(t.Context(), cluster.Txn{Put: []cluster.Put{{Key: "a", Value: []byte(last)}}}); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil { // all of them have the same time
				t.Fatal(err)
			}
			if i == 0 && value(a) != last {
				t.Fatal("the first file is not seen")
			}
		}
		if got := value(a); got != last {
			t.Fatalf("round %d: %s, not %s", round, got, last)
		}
	}
}

// TestWatchFromLongAgo: who is too far behind is told to read again.
func TestWatchFromLongAgo(t *testing.T) {
	m := cluster.NewMemory()
	first := put(t, m, "a", "0")
	for range 2000 {
		put(t, m, "a", "1")
	}
	if err := m.Watch(t.Context(), first, func(cluster.Change) error { return errors.New("a change") }); !errors.Is(err, cluster.ErrCompacted) {
		t.Error(err)
	}
}

// TestFileIsKept: what was written without a lease is there after a restart, and nothing else.
func TestFileIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	f := openFile(t, path)
	lease, err := f.Grant(t.Context(), 1e12)
	if err != nil {
		t.Fatal(err)
	}
	put(t, f, "a", `{"x":[1,2]}`)
	put(t, f, "b", "2")
	if _, err := f.Commit(t.Context(), cluster.Txn{
		Put: []cluster.Put{{Key: "c", Value: []byte("3")}, {Key: "live", Value: []byte("1"), Lease: lease}}, Delete: []string{"b"},
	}); err != nil {
		t.Fatal(err)
	}
	before, err := f.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Revoke(t.Context()); err != nil { // changes nothing that is kept
		t.Fatal(err)
	}

	again, err := openFile(t, path).Read(t.Context())
	if err != nil || again.Revision != before.Revision || len(again.Pairs) != 2 ||
		string(again.Pairs[0].Value) != `{"x":[1,2]}` || again.Pairs[1].Key != "c" {
		t.Errorf("%+v, %v; before %+v", again, err, before)
	}
}

// TestFileOfTwo: the second of two nodes with one file cannot undo what the first did.
func TestFileOfTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	one := openFile(t, path)
	put(t, one, "a", "1")
	two := openFile(t, path)
	put(t, one, "a", "2")
	if _, err := two.Commit(t.Context(), cluster.Txn{Put: []cluster.Put{{Key: "a", Value: []byte("3")}}}); err == nil {
		t.Error("two nodes write one file")
	}
	s, err := openFile(t, path).Read(t.Context())
	if err != nil || string(s.Pairs[0].Value) != "2" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestFileWithFaults: what is no such file is not taken for an empty one.
func TestFileWithFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	for _, text := range []string{
		"", "{", `{"revision":0,"pairs":{}}`, `{"revision":1,"keys":{}}`,
		"17e42b0e24bb2d233fe9a1e11208c2abdc0de60f :21877@31877 myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cluster.OpenFile(path); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestFileCannotBeWritten: then nothing has changed, here as there.
func TestFileCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "nodes.conf")
	f := openFile(t, path)
	if _, err := f.Commit(t.Context(), cluster.Txn{Put: []cluster.Put{{Key: "a", Value: []byte("3")}}}); err == nil {
		t.Error("written into a folder that does not exist")
	}
	if s, err := f.Read(t.Context()); err != nil || len(s.Pairs) != 0 || s.Revision != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestSharedLeaseOfTheDead: a lease whose process is gone is ended by another one.
func TestSharedLeaseOfTheDead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	a, b := openShared(t, path), openShared(t, path)
	var lease cluster.Lease
	var after int64
	err := cluster.ErrLeaseEnded
	for ttl := 200 * time.Millisecond; errors.Is(err, cluster.ErrLeaseEnded); ttl *= 2 { // a busy disk may take longer than that
		if lease, err = a.Grant(t.Context(), ttl); err != nil {
			t.Fatal(err)
		}
		after, err = a.Commit(t.Context(), cluster.Txn{Put: []cluster.Put{{Key: "live/a", Value: []byte("1"), Lease: lease}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	gone := errors.New("gone")
	err = b.Watch(ctx, after, func(c cluster.Change) error {
		for _, e := range c.Events {
			if e.Key == "live/a" && e.Deleted {
				return gone
			}
		}
		return nil
	})
	if !errors.Is(err, gone) || time.Now().Before(lease.Until()) {
		t.Error(err, time.Until(lease.Until()))
	}
}
