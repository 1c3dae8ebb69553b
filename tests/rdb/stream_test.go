package rdb

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/hdt3213/rdb/model"
	"github.com/hdt3213/rdb/parser"

	"github.com/kringdb/kring/persistence/rdb"
)

// TestTheirReaderOfStreams: entries, groups and pending entries, in the formats of 7.0 and 7.2.
func TestTheirReaderOfStreams(t *testing.T) {
	const entries, perNode = 25, 10
	id := func(i int) rdb.ID { return rdb.ID{Ms: now + uint64(i), Seq: uint64(i % 3)} }
	for _, version := range []int{rdb.OldestVersion, rdb.DefaultVersion} {
		var file bytes.Buffer
		w := rdb.NewWriter(&file, rdb.Format{Version: version, Checksum: true, Limits: rdb.DefaultLimits})
		w.Sizes(0, 1, 0)
		w.BeginStream(&rdb.Meta{Key: []byte("s"), Idle: -1, Freq: -1}, rdb.StreamInfo{
			Length: entries, Last: id(entries - 1), First: id(0), MaxDeleted: rdb.ID{Ms: 5, Seq: 6}, Added: 30, Groups: 1, Nodes: 3})
		for i := range entries {
			if i%perNode == 0 {
				w.NextNode()
			}
			items := [][]byte{[]byte("field"), fmt.Append(nil, i)}
			if i%4 == 3 {
				items = append(items, []byte("other"), []byte("text"))
			}
			w.Entry(id(i), items)
		}
		w.Group(&rdb.Group{Name: []byte("g"), Last: id(7), Read: 8, Pending: 2, Consumers: 2})
		for i := range 2 {
			w.Pending(&rdb.Pending{ID: id(i), Time: 77, Count: uint64(i + 1)})
		}
		for i := range 2 {
			w.Consumer(&rdb.Consumer{Name: fmt.Appendf(nil, "c%d", i), Seen: 55, Active: 44, Pending: 1})
			w.Owned(id(i))
		}
		w.End()
		check(t, w.Close())
		var s *model.StreamObject
		check(t, parser.NewDecoder(&file).Parse(func(o model.RedisObject) bool {
			s = o.(*model.StreamObject)
			return true
		}))
		compareStream(t, s, version, id)
	}
}

func compareStream(t *testing.T, s *model.StreamObject, version int, id func(int) rdb.ID) {
	t.Helper()
	n := 0
	for _, node := range s.Entries {
		for _, m := range node.Msgs {
			fields := map[string]string{"field": fmt.Sprint(n)}
			if n%4 == 3 {
				fields["other"] = "text"
			}
			if want := id(n); *m.Id != (model.StreamId{Ms: want.Ms, Sequence: want.Seq}) || fmt.Sprint(m.Fields) != fmt.Sprint(fields) || m.Deleted {
				t.Errorf("entry %d: %+v %v", n, m.Id, m.Fields)
			}
			n++
		}
	}
	if n != 25 || s.Length != 25 || s.AddedEntriesCount != 30 || *s.MaxDeletedId != (model.StreamId{Ms: 5, Sequence: 6}) || len(s.Groups) != 1 {
		t.Fatalf("%d entries: %+v", n, s)
	}
	g := s.Groups[0]
	if g.Name != "g" || g.EntriesRead != 8 || len(g.Pending) != 2 || g.Pending[1].DeliveryCount != 2 || g.Pending[1].DeliveryTime != 77 || len(g.Consumers) != 2 {
		t.Errorf("%+v", g)
	}
	for i, c := range g.Consumers {
		active := uint64(44)
		if version < rdb.DefaultVersion {
			active = 55
		}
		if want := id(i); c.Name != fmt.Sprintf("c%d", i) || c.SeenTime != 55 || c.ActiveTime != active || len(c.Pending) != 1 || c.Pending[0].Ms != want.Ms {
			t.Errorf("%+v", c)
		}
	}
}
