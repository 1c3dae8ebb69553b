package command

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// cutSink takes a snapshot in both forms, and large values by portions.
type cutSink struct {
	calls  map[string][]byte // what makes the values again, by database and key
	images map[string][]byte // by database and key
	parts  int
}

func newCutSink() *cutSink { return &cutSink{calls: map[string][]byte{}, images: map[string][]byte{}} }

// SnapshotEntry implements store.SnapshotSink.
func (s *cutSink) SnapshotEntry(shard, db int, e store.Entry) {
	for v := s.SnapshotLarge(shard, db, true); !v.Portion(e); {
	}
}

// SnapshotLarge implements store.SnapshotSink.
func (s *cutSink) SnapshotLarge(_, db int, _ bool) store.SnapshotValue {
	return &cutValue{s: s, db: db, enc: rdb.NewEncoder(rdb.Format{Version: rdb.DeadlineVersion, Limits: rdb.DefaultLimits})}
}

// cutValue takes one value.
type cutValue struct {
	s       *cutSink
	db      int
	begun   bool
	rebuilt bool
	rb      Rebuild
	enc     *rdb.Encoder
	out     image.Exporter
	body    []byte
	over    bool
}

// Portion implements store.SnapshotValue: a portion in one form, then in the other.
func (v *cutValue) Portion(e store.Entry) (done bool) {
	v.s.parts++
	if !v.rebuilt { // by steps, which are smaller than parts
		if v.rebuilt = rebuilders[e.Type()&15](&v.rb, e); v.rebuilt {
			v.rb.finish(e)
		}
	}
	if !v.over {
		v.over = v.out.Part(v.enc, e, !v.begun)
		v.body = v.enc.Take(v.body)
	}
	v.begun = true
	if !v.rebuilt || !v.over {
		return false
	}
	name := fmt.Sprint(v.db, " ", string(e.Key()))
	if v.s.images[name] != nil {
		panic(name + " came twice")
	}
	v.s.images[name], v.s.calls[name] = v.body, v.rb.Out
	return true
}

// cutWorker makes random calls that change large values of all types, and replace them by others.
type cutWorker struct {
	*rand.Rand
	last int // of the ids that are in use
}

func (w *cutWorker) key() string { return "stream" + strconv.Itoa(w.IntN(3)) }

func (w *cutWorker) id() string { return strconv.Itoa(1 + w.IntN(w.last)) }

func (w *cutWorker) group() string { return "group" + strconv.Itoa(w.IntN(3)) }

// consumer names consumers that there are, most of the time.
func (w *cutWorker) consumer() string { return "consumer" + strconv.Itoa(w.IntN(6)) }

func (w *cutWorker) elem() string { return "element" + strconv.Itoa(w.IntN(3000)) }

func (w *cutWorker) streamCall() string {
	k, n := w.key(), strconv.Itoa(1+w.IntN(200))
	switch w.IntN(18) {
	case 0, 1, 2:
		return "xadd " + k + " * field " + strings.Repeat("v", w.IntN(300))
	case 3:
		return "xdel " + k + " " + w.id() + " " + w.id() + " " + w.id()
	case 4:
		return "xtrim " + k + " maxlen " + strconv.Itoa(w.IntN(3000))
	case 5:
		return "xtrim " + k + " minid ~ " + strconv.Itoa(w.IntN(w.last))
	case 6, 7:
		return "xreadgroup group " + w.group() + " " + w.consumer() + " count " + n + " streams " + k + " >"
	case 8:
		return "xreadgroup group " + w.group() + " " + w.consumer() + " count " + n + " streams " + k + " 0"
	case 9:
		return "xack " + k + " " + w.group() + " " + w.id() + " " + w.id()
	case 10:
		return "xclaim " + k + " " + w.group() + " " + w.consumer() + " 0 " + w.id() + " " + w.id() + " force"
	case 11:
		return "xautoclaim " + k + " " + w.group() + " " + w.consumer() + " 0 " + w.id() + " count " + n
	case 12:
		return "xgroup destroy " + k + " " + w.group()
	case 13:
		return "xgroup create " + k + " " + w.group() + " " + w.id() + " mkstream"
	case 14:
		return "xgroup setid " + k + " " + w.group() + " " + w.id()
	case 15:
		return "xgroup delconsumer " + k + " " + w.group() + " " + w.consumer()
	case 16:
		return "xsetid " + k + " 9999999999999-" + n
	}
	return "xgroup createconsumer " + k + " " + w.group() + " " + w.consumer() + n
}

func (w *cutWorker) call() string {
	switch w.IntN(24) {
	case 0:
		return "rename " + w.key() + " " + w.key()
	case 1:
		return "copy " + w.key() + " " + w.key() + " replace"
	case 2:
		return "copy " + w.key() + " " + w.key() + " db " + strconv.Itoa(w.IntN(3)) + " replace"
	case 3:
		return [...]string{"del ", "unlink ", "persist "}[w.IntN(3)] + w.key()
	case 4:
		return "pexpireat " + w.key() + " " + strconv.Itoa(1<<45+w.IntN(100))
	case 5:
		return "move " + w.key() + " " + strconv.Itoa(w.IntN(3))
	case 6:
		return "hset hash " + w.elem() + " " + w.elem()
	case 7:
		return "hpexpireat hash " + strconv.Itoa(1<<45+w.IntN(100)) + " fields 2 " + w.elem() + " " + w.elem()
	case 8:
		return "hdel hash " + w.elem() + " " + w.elem()
	case 9:
		return "zadd zset " + strconv.Itoa(w.IntN(100)) + " " + w.elem()
	case 10:
		return [...]string{"zrem zset ", "srem set ", "sadd set new", "rpush list ", "lrem list 1 "}[w.IntN(5)] + w.elem()
	case 11:
		return "lset list " + strconv.Itoa(w.IntN(1000)) + " " + w.elem()
	case 12:
		return "setrange string " + strconv.Itoa(w.IntN(1<<20)) + " written"
	case 13:
		return [...]string{"del hash", "rename zset set", "rename list string", "set string x"}[w.IntN(4)]
	}
	return w.streamCall()
}

// refill makes the values that are not there.
func (w *cutWorker) refill(r *rig) {
	const n = 2500
	w.last = n
	for i := range 3 {
		s := fmt.Sprint("stream", i)
		if r.do("exists "+s) == ":1\r\n" {
			continue
		}
		for j := range n {
			r.run("xadd", s, strconv.Itoa(1+j), "field", strings.Repeat("v", 20+w.IntN(40)))
		}
		for j := range 1 + w.IntN(3) {
			g := fmt.Sprint("group", j)
			r.run("xgroup", "create", s, g, "0")
			for c := range 4 {
				r.run("xreadgroup", "group", g, fmt.Sprint("consumer", c), "count", strconv.Itoa(w.IntN(n/3)), "streams", s, ">")
			}
		}
		for range n / 10 {
			r.run("xdel", s, w.id())
		}
	}
	for _, k := range []string{"hash", "set", "zset", "list"} {
		if r.do("exists "+k) == ":1\r\n" {
			continue
		}
		for j := range 3000 {
			e := fmt.Sprint("element", j)
			switch k {
			case "hash":
				r.run("hset", k, e, strings.Repeat("value", 6))
			case "set":
				r.run("sadd", k, e+strings.Repeat("member", 4))
			case "zset":
				r.run("zadd", k, strconv.Itoa(j%100), e)
			default:
				r.run("rpush", k, e+strings.Repeat("item", 6), strconv.Itoa(j))
			}
		}
	}
	if r.do("strlen string") < ":1048576" {
		r.run("set", "string", strings.Repeat("0123456789", 200_000))
	}
}

// cutState is what a sink has of the whole store when all of it is taken at once.
func (r *rig) cutState(t *testing.T) *cutSink {
	t.Helper()
	s := newCutSink()
	sn, err := r.st.BeginSnapshotAt(wholeSink{s}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for !sn.Step(1 << 20) {
	}
	return s
}

// wholeSink takes large values at once.
type wholeSink struct{ *cutSink }

// SnapshotLarge implements store.SnapshotSink.
func (s wholeSink) SnapshotLarge(_, db int, _ bool) store.SnapshotValue {
	return wholeValue{s.cutSink, db}
}

type wholeValue struct {
	s  *cutSink
	db int
}

// Portion implements store.SnapshotValue.
func (v wholeValue) Portion(e store.Entry) (done bool) {
	v.s.SnapshotEntry(0, v.db, e)
	return true
}

// sortedWords returns the words of calls, in their order in the alphabet: elements of sets and hashes have none.
func sortedWords(calls []byte) string {
	words := strings.Split(string(calls), "\r\n")
	slices.Sort(words)
	return strings.Join(words, "\n")
}

// TestCutBesideCalls: while large streams and other values are taken by portions, in both forms, calls of all kinds change them; what is
// taken is what there was at the cut, byte by byte, and makes the same values again.
func TestCutBesideCalls(t *testing.T) {
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	r := newRig(t)
	w := &cutWorker{Rand: rand.New(rand.NewPCG(5, 6))}
	parts, changes := 0, 0
	for round := range rounds {
		r.c.DB = 0
		w.refill(r)
		want := r.cutState(t)
		got := newCutSink()
		sn, err := r.st.BeginSnapshotAt(got, nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; !sn.Step(1 + w.IntN(4)); n++ {
			for w.IntN(4) == 0 {
				if r.c.DB = 0; w.IntN(8) == 0 {
					r.c.DB = w.IntN(3)
				}
				if w.IntN(4) == 0 {
					r.st.HandOver(r.c.DB, r.st.MakeKey([]byte(w.key())))
				}
				r.do(w.call())
				changes++
			}
			switch w.IntN(400) {
			case 0:
				r.st.FlushDB(w.IntN(3))
			case 1:
				r.st.SwapDB(0, w.IntN(3))
			case 2:
				r.st.FlushAll()
			case 3:
				r.st.Reap()
			}
		}
		parts += got.parts
		for k, image := range want.images {
			if !bytes.Equal(got.images[k], image) || !bytes.Equal(got.calls[k], want.calls[k]) {
				t.Errorf("round %d: %s is of %d bytes and %d bytes of calls, want %d and %d", round, k, len(got.images[k]), len(got.calls[k]), len(image), len(want.calls[k]))
			}
		}
		if len(got.images) != len(want.images) {
			t.Errorf("round %d: %d values, want %d", round, len(got.images), len(want.images))
		}
		to := newRig(t)
		to.c.Now = r.c.Now
		for k, calls := range got.calls {
			to.c.DB = int(k[0] - '0')
			to.play(parseCommands(t, calls))
		}
		is := to.cutState(t)
		for k, calls := range want.calls {
			if !bytes.Equal(is.calls[k], calls) && sortedWords(is.calls[k]) != sortedWords(calls) {
				t.Errorf("round %d: of %s, %d bytes of calls make what is made by %d", round, k, len(calls), len(is.calls[k]))
			}
		}
		if err := r.st.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d portions, %d changes", parts, changes)
	if parts < 100*rounds {
		t.Errorf("%d portions", parts)
	}
}
