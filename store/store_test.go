package store

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/kringdb/kring/store/entry"
)

// open makes a store that the test closes, checked before it goes.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			return // it may have failed with a lock held
		}
		check(t, s)
		s.Close()
	})
	return s
}

func check(t testing.TB, s *Store) {
	t.Helper()
	if err := s.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
}

// key makes a key from a string.
func key(s *Store, name string) Key { return s.MakeKey([]byte(name)) }

// get reads a string under its lock; ok is false when it is missing.
func get(s *Store, db int, name string, now int64) (val string, ok bool) {
	k := key(s, name)
	s.Lock(k.Shard)
	defer s.Unlock(k.Shard)
	e := s.Find(db, k, now)
	if e.IsNone() {
		return "", false
	}
	return string(s.StringBytes(e, nil)), true
}

// set writes a string under its lock.
func setKey(s *Store, db int, name, val string, deadline int64) {
	k := key(s, name)
	s.Lock(k.Shard)
	s.SetString(db, k, []byte(val), deadline)
	s.Unlock(k.Shard)
}

func want(t testing.TB, s *Store, db int, name, val string) {
	t.Helper()
	if got, ok := get(s, db, name, 0); !ok || got != val {
		t.Fatalf("%q is %.40q, %t; want %.40q", name, got, ok, val)
	}
}

func wantNone(t testing.TB, s *Store, db int, name string) {
	t.Helper()
	if got, ok := get(s, db, name, 0); ok {
		t.Fatalf("%q is %.40q; want none", name, got)
	}
}

func TestPaddedStructs(t *testing.T) {
	if n := unsafe.Sizeof(shard{}); n != 192 {
		t.Errorf("a shard has %d bytes", n)
	}
	if n := unsafe.Sizeof(database{}); n != 64 {
		t.Errorf("a database has %d bytes", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, o := range []Options{{Shards: 3}, {Shards: 512}, {Shards: -1}, {Databases: -1}, {Databases: MaxDatabases + 1}} {
		if s, err := Open(o); err == nil {
			s.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestSetFindDelete(t *testing.T) {
	s := open(t, Options{Shards: 4})
	const n = 5000
	for i := range n {
		setKey(s, i%3, fmt.Sprint("key:", i), fmt.Sprint("value-", i), 0)
	}
	if got := s.Len(0) + s.Len(1) + s.Len(2); got != n {
		t.Fatalf("%d keys", got)
	}
	check(t, s)
	for i := range n {
		want(t, s, i%3, fmt.Sprint("key:", i), fmt.Sprint("value-", i))
		wantNone(t, s, (i+1)%3, fmt.Sprint("key:", i))
	}
	for i := range n {
		k := key(s, fmt.Sprint("key:", i))
		s.Lock(k.Shard)
		if !s.Delete(i%3, k) || s.Delete(i%3, k) {
			t.Fatalf("key %d was not deleted once", i)
		}
		s.Unlock(k.Shard)
	}
	if st := s.Stats(); st.Keys != 0 {
		t.Fatalf("%+v", st)
	}
}

func TestDeadlines(t *testing.T) {
	var gone []string
	s := open(t, Options{Shards: 2, Hooks: Hooks{Expired: func(shard, db int, key []byte) {
		gone = append(gone, fmt.Sprint(shard, db, string(key)))
	}}})
	setKey(s, 1, "a", "x", 1000)
	k := key(s, "a")
	if _, ok := get(s, 1, "a", 999); !ok {
		t.Fatal("expired early")
	}
	if s.Expires(1) != 1 || s.Expires(0) != 0 {
		t.Fatal("expires is wrong")
	}
	if _, ok := get(s, 1, "a", 1000); ok {
		t.Fatal("a deadline that is now has not expired")
	}
	if len(gone) != 1 || gone[0] != fmt.Sprint(k.Shard, 1, "a") {
		t.Fatalf("hook: %q", gone)
	}
	if st := s.Stats(); st.Expired != 1 || st.Keys != 0 || st.Expires != 0 {
		t.Fatalf("%+v", st)
	}

	s.Lock(k.Shard)
	e := s.SetString(0, k, []byte("v"), 0)
	e = s.SetDeadline(0, k, e, 50)
	e = s.SetDeadline(0, k, e, 60)
	e = s.SetString(0, k, []byte("another value"), KeepTTL)
	if e.Deadline() != 60 || string(e.Payload()) != "another value" || string(e.Key()) != "a" {
		t.Fatalf("deadline %d, %q = %q", e.Deadline(), e.Key(), e.Payload())
	}
	e = s.SetDeadline(0, k, e, 0)
	if e.Deadline() != 0 || e != s.FindRaw(0, k) || s.at(0, k.Shard).expires != 0 {
		t.Fatal("the deadline was not removed")
	}
	if e = s.SetString(0, key(s, "b"), []byte("1"), KeepTTL); e.Deadline() != 0 {
		t.Fatal("KeepTTL gave a new key a deadline")
	}
	s.Unlock(k.Shard)
}

func TestPutReplacesAnything(t *testing.T) {
	s := open(t, Options{Shards: 1})
	k := key(s, "k")
	s.Lock(0)
	defer s.Unlock(0)
	s.SetAccessClock(77, false)
	e := s.Put(0, k, entry.Hash, entry.Listpack, 100, 5)
	clear(e.Payload())
	if e.Type() != entry.Hash || e.Encoding() != entry.Listpack || e.PayloadLen() != 100 || e.Deadline() != 5 || e.Clock() != 77 {
		t.Fatalf("put: %v %v %d %d", e.Type(), e.Encoding(), e.PayloadLen(), e.Deadline())
	}
	e = s.SetString(0, k, []byte("123"), 0)
	if n, ok := s.StringInt(e); !ok || n != 123 || e.Encoding() != entry.Int || e.HasDeadline() {
		t.Fatal("set over a hash")
	}
	before := e
	if e = s.SetInt(0, k, e, -9); e != before || string(s.StringBytes(e, nil)) != "-9" {
		t.Fatal("SetInt moved a number")
	}
}
