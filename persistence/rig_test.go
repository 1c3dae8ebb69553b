package persistence

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
)

const testDir = "/data/appendonlydir"

// owner is an Owner whose answers tests set.
type owner struct {
	policy  atomic.Int32
	stamps  atomic.Bool
	refuse  atomic.Bool // aof-load-truncated no
	follows atomic.Bool
	durable chan struct{}
	failed  atomic.Int32
	synced  atomic.Int32         // syncs under always that Took told of
	mark    atomic.Pointer[Mark] // what the data have at position 0, nil: none
}

func newOwner(p Policy) *owner {
	o := &owner{durable: make(chan struct{}, 1)}
	o.policy.Store(int32(p))
	return o
}

func (o *owner) Fsync() Policy          { return Policy(o.policy.Load()) }
func (o *owner) NoFsyncOnRewrite() bool { return false }
func (o *owner) IncrementalFsync() bool { return true }
func (o *owner) Timestamps() bool       { return o.stamps.Load() }
func (o *owner) LoadTruncated() bool    { return !o.refuse.Load() }
func (o *owner) Follows() bool          { return o.follows.Load() }
func (o *owner) Durable()               { ring(o.durable) }
func (o *owner) Written()               {}
func (o *owner) Took(event string, _ time.Duration) {
	if event == "aof-fsync-always" {
		o.synced.Add(1)
	}
}
func (o *owner) Mark(pos uint64) (m Mark, ok bool) {
	if p := o.mark.Load(); p != nil {
		m = *p
		m.Offset += int64(pos)
	}
	return m, m.ID != ""
}
func (o *owner) Failed(error) { o.failed.Add(1) }

// model is a store of strings: what is recorded and what is loaded.
type model struct {
	mu   sync.Mutex
	data map[string]string // by database and key
	a    *AOF              // nil: nothing is recorded
	log  *journal.Journal
	db   int // of Apply
}

func newModel() *model { return &model{data: map[string]string{}, log: &journal.Journal{}} }

func (m *model) key(db int, k string) string { return strconv.Itoa(db) + "/" + k }

// exec executes one command; it tells what is wrong with it.
func (m *model) exec(db int, args ...string) error {
	switch {
	case args[0] == "SET" && len(args) == 3:
		m.data[m.key(db, args[1])] = args[2]
	case args[0] == "APPEND" && len(args) == 3:
		m.data[m.key(db, args[1])] += args[2]
	case args[0] == "DEL" && len(args) == 2:
		delete(m.data, m.key(db, args[1]))
	default:
		return fmt.Errorf("unknown command %q", args)
	}
	return nil
}

func encode(args ...string) []byte {
	b := resp.AppendHeader(nil, '*', len(args))
	for _, a := range args {
		b = resp.AppendBulkString(b, a)
	}
	return b
}

// do executes and records a unit of commands of one database.
func (m *model) do(db int, cmds ...[]string) (lsn uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var body []byte
	for _, c := range cmds {
		if err := m.exec(db, c...); err != nil {
			panic(err)
		}
		body = append(body, encode(c...)...)
	}
	if m.a != nil {
		lsn = m.log.Append(db, db, body, len(cmds) > 1)
	}
	return lsn
}

func (m *model) Check(rec resp.Args) error {
	if n := string(rec[0]); n != "SET" && n != "APPEND" && n != "DEL" && n != "SELECT" {
		return fmt.Errorf("unknown command %q", n)
	}
	return nil
}

// Image takes the strings of a snapshot.
func (m *model) Image(in io.Reader, _ *Progress) (img Image, err error) {
	r := rdb.NewReader(in, true)
	var it rdb.Item
	var d rdb.Decoder
	for {
		if err := r.Next(&it); err == io.EOF {
			return Image{Rest: r.Rest(), End: r.Offset()}, nil
		} else if err != nil {
			return img, err
		}
		if it.Kind != rdb.ItemKey {
			continue
		}
		if d.Open(&it.Value, it.First); !d.Next() {
			return img, &rdb.Error{Offset: it.Offset, Key: it.Key, Err: d.Err()}
		}
		m.data[fmt.Sprintf("%d/%s", it.DB, it.Key)] = string(d.Elem())
	}
}

func (m *model) Apply(recs []resp.Args) (int, error) {
	for i, r := range recs {
		args := make([]string, len(r))
		for j := range r {
			args[j] = string(r[j])
		}
		if args[0] == "SELECT" && len(args) == 2 {
			db, err := strconv.Atoi(args[1])
			if err != nil {
				return i, err
			}
			m.db = db
			continue
		}
		if err := m.exec(m.db, args...); err != nil {
			return i, err
		}
	}
	return len(recs), nil
}

// source is a Source over a model.
type source struct {
	m    *model
	view map[string]string
	keys []string
	step func(n int) // called before each Next
	n    int
}

func (s *source) Cut(atCut func(pos uint64)) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.view = maps.Clone(s.m.data)
	s.keys = slices.Sorted(maps.Keys(s.view))
	s.m.log.At(atCut)
	return nil
}

func (s *source) Image() bool { return false }

func (s *source) Next(dst []byte) ([]byte, bool, error) {
	if s.step != nil {
		s.step(s.n)
	}
	s.n++
	for range min(10, len(s.keys)) {
		k := s.keys[0]
		s.keys = s.keys[1:]
		var db int
		var name string
		_, _ = fmt.Sscanf(k, "%d/%s", &db, &name)
		dst = append(dst, encode("SELECT", strconv.Itoa(db))...)
		dst = append(dst, encode("SET", name, s.view[k])...)
	}
	return dst, len(s.keys) == 0, nil
}

func (s *source) End() {}

func openAOF(f FS, o Owner, m *model) (*AOF, error) {
	return Open(Config{Owner: o, Journal: m.log, FS: f, Dir: testDir, Name: "appendonly.aof", Legacy: "/data/appendonly.aof", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// start opens and loads the AOF of f and begins to record.
func start(t testing.TB, f FS, o Owner) *model {
	t.Helper()
	m, err := load(f, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.a.Start(); err != nil {
		t.Fatal(err)
	}
	return m
}

// load opens the AOF of f and loads it.
func load(f FS, o Owner) (*model, error) {
	m := newModel()
	a, err := openAOF(f, o, m)
	if err != nil {
		return nil, err
	}
	if err := a.Load(m); err != nil {
		return nil, err
	}
	m.a = a
	return m, nil
}

var errTimeout = errors.New("not durable in time")

// await waits until lsn is durable; an error when the AOF breaks before.
func (m *model) await(o *owner, lsn uint64) error {
	m.a.Kick()
	for end := time.Now().Add(time.Minute); ; {
		switch {
		case m.a.Durable() >= lsn && m.a.State() == On:
			return nil
		case m.a.State() == Broken:
			return m.a.Failure()
		case time.Now().After(end):
			return errTimeout
		}
		select {
		case <-o.durable:
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// reloads loads the files and compares with what was recorded.
func (m *model) reloads(t testing.TB, f FS, o Owner) {
	t.Helper()
	again, err := load(f, o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, again.data, m.data)
}

// same compares what was recorded with what is loaded.
func same(t testing.TB, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Fatalf("got %d keys, want %d; %v\nwant %v", len(got), len(want), clip(got), clip(want))
	}
}

func clip(m map[string]string) string {
	s := fmt.Sprint(m)
	return s[:min(len(s), 2000)]
}
