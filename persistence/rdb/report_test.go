package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	now := time.Now().UnixMilli()
	c := &contents{Functions: []string{"code"}}
	for i := range 20 {
		l := rec(fmt.Sprintf("list:%02d", i), List)
		for range i + 1 {
			l.Elems = append(l.Elems, elem{Elem: "an element"})
		}
		c.Records = append(c.Records, l)
	}
	past, future := rec("past", String, elem{Elem: "1"}), rec("future", String, elem{Elem: "2"})
	past.Deadline, future.Deadline = now-1000, now+1e9
	c.Records = append(c.Records, past, future, rec("h", Hash, elem{Elem: "f", Value: "v", Deadline: now}, elem{Elem: "g"}), rec("none", Set))
	for i := range c.Records {
		c.Records[i].DB = 2
	}
	g := newGenerator(3)
	s := g.record(Stream, 0)
	s.DB = 5
	c.Records = append(c.Records, s)
	file := writeAll(t, Format{Version: DeadlineVersion, Limits: DefaultLimits}, c, false)
	r, err := Check(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if r.Keys() != 24 || r.Expired != 1 || r.Fields != 1 || r.Empty != 1 || r.Functions != 1 || r.Version != 12 || r.Bytes != int64(len(file)) ||
		r.Kinds[List] != (KindReport{20, 210, r.Kinds[List].Bytes}) || r.Databases[2].Keys != 23 || r.Databases[2].Deadlines < 2 {
		t.Errorf("%+v", r)
	}
	if len(r.Largest) != largestKeys {
		t.Fatalf("%d largest keys", len(r.Largest))
	}
	for i := 1; i < len(r.Largest); i++ {
		if r.Largest[i].Bytes > r.Largest[i-1].Bytes {
			t.Errorf("%+v", r.Largest)
		}
	}
	for _, want := range []string{"format      Redis, version 12", "redis-ver   \"7.0.15\"", "keys        24,", "database    2: 23 keys", "list        20 keys, 210 elements", "list of listpacks", "large "} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("%q is missing in\n%s", want, r)
		}
	}
	var e *Error
	if _, err := Check(bytes.NewReader(file[:len(file)/2])); !errors.As(err, &e) {
		t.Errorf("half a file: %v", err)
	}
	if _, err := Check(bytes.NewReader(append(file, 'x'))); !errors.As(err, &e) || e.Offset != int64(len(file)) {
		t.Errorf("a byte more: %v", err)
	}
	// A value whose inside is damaged is named with its key, though its lengths are right.
	b := (&builder{}).text("REDIS0011").raw(opSelectDB).length(7).key(typeHashListpack, "broken").str("\x07\x00\x00\x00\x01\x00\x00")
	if _, err := Check(bytes.NewReader(b.file(true))); err == nil || !strings.Contains(err.Error(), `at offset 11, key "broken" of database 7: a damaged packed value`) {
		t.Errorf("%v", err)
	}
}
