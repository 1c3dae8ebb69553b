package replication

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/kringdb/kring/persistence/journal"
)

// rig is a backlog with the journal that feeds it.
type rig struct {
	journal.Journal
	Backlog
}

func newRig(size int64) *rig {
	r := &rig{}
	r.At(func(uint64) {
		r.BeginLocked(size, 1000)
		r.SubscribeLocked(&r.Backlog)
	})
	return r
}

// append appends bytes as they are.
func (r *rig) append(p []byte) {
	r.Lock()
	r.AppendLocked(p)
	r.Unlock()
	r.Wake()
}

// rest is all that a reader has to read.
func rest(r *Reader) (all []byte) {
	for {
		views := r.Next(1 << 20)
		if len(views) == 0 {
			return all
		}
		n := 0
		for _, v := range views {
			all = append(all, v...)
			n += len(v)
		}
		r.Done(n)
	}
}

func TestRecordsAreFramed(t *testing.T) {
	r := newRig(1 << 20)
	rd := r.Read(1000, 0)
	r.Journal.Append(0, 0, []byte("a"), false)
	r.Journal.Append(0, 3, []byte("b"), true)
	r.Journal.Append(3, 3, []byte("c"), false)
	r.At(func(uint64) { r.SetDBLocked(-1) })
	r.Journal.Append(3, 3, []byte("d"), false)
	want := strings.NewReplacer("S0", "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", "S3", "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n",
		"M", string(unitBegin), "E", string(unitEnd), " ", "").Replace("S0 a M b E c S3 d")
	if got := string(rest(rd)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if at := r.Offset(); at != 1000+int64(len(want)) || rd.Position() != at {
		t.Errorf("offset %d, reader at %d", at, rd.Position())
	}
}

// TestReadersShareBlocks has readers of different speed read what is appended meanwhile: each
// gets the same bytes, and no more is kept than the slowest one needs.
func TestReadersShareBlocks(t *testing.T) {
	r := newRig(100 << 10)
	var wg sync.WaitGroup
	const total = 4 << 20
	var whole bytes.Buffer
	rng := rand.New(rand.NewPCG(1, 2))
	for whole.Len() < total {
		fmt.Fprintf(&whole, "%d %s\r\n", rng.Int(), strings.Repeat("x", rng.IntN(300)))
	}
	all := whole.Bytes()
	for i := range 3 {
		rd := r.Read(1000, 0)
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer rd.Close()
			at := 0
			for at < len(all) {
				<-rd.Ready()
				rd.Awake()
				for {
					views := rd.Next(1 << (10 + 4*i))
					if len(views) == 0 {
						break
					}
					n := 0
					for _, v := range views {
						if !bytes.Equal(v, all[at:at+len(v)]) {
							t.Errorf("reader %d: wrong bytes at %d", i, at)
							return
						}
						n, at = n+len(v), at+len(v)
						if i == 1 && n > 3000 {
							at -= n - 3000 // the kernel has taken a part
							n = 3000
							break
						}
					}
					rd.Done(n)
				}
			}
		}()
	}
	for at := 0; at < len(all); {
		n := min(1+rng.IntN(100<<10), len(all)-at)
		r.append(all[at : at+n])
		at += n
	}
	wg.Wait()
	n := r.Numbers()
	if kept := n.Offset - n.First; kept < 100<<10 || kept > 100<<10+2*blockBytes {
		t.Errorf("%d bytes are kept", kept)
	}
	if rd := r.Read(n.First, 0); rd == nil || !bytes.Equal(rest(rd), all[n.First-1000:]) {
		t.Error("what is kept is not the end of the stream")
	}
	if r.Read(n.First-1, 0) != nil || r.Read(n.Offset+1, 0) != nil {
		t.Error("a reader begins where there is nothing")
	}
}

// TestSlowReaderIsLost holds that who lags by more than it may pins nothing more, while its
// bytes stay as they were as long as it may look at them.
func TestSlowReaderIsLost(t *testing.T) {
	r := newRig(1)
	slow, patient := r.Read(1000, 1<<20), r.Read(1000, 0)
	r.append(bytes.Repeat([]byte{'a'}, 1<<20))
	view := slow.Next(1)[0]
	if slow.Lost() {
		t.Fatal("lost at its limit")
	}
	r.append(bytes.Repeat([]byte{'b'}, 1<<20))
	if !slow.Lost() || patient.Lost() || len(slow.Next(1)) > 0 {
		t.Fatalf("slow: %v, patient: %v", slow.Lost(), patient.Lost())
	}
	<-slow.Ready() // it is told
	slow.Awake()
	if n := r.Numbers(); n.First != 1000 {
		t.Errorf("the patient reader's bytes are gone: %d", n.First)
	}
	patient.Close()
	r.append(bytes.Repeat([]byte{'c'}, 1<<20))
	if n := r.Numbers(); n.Offset-n.First > 2*blockBytes {
		t.Errorf("%d bytes are kept", n.Offset-n.First)
	}
	if len(bytes.Trim(view, "a")) > 0 {
		t.Error("what the lost reader looks at has changed")
	}
	slow.Close()
	other := r.Read(r.Offset(), 0)
	r.At(func(uint64) { r.ResetLocked(5) })
	if !other.Lost() || r.Offset() != 5 || !r.Active() {
		t.Error("a reader goes on in another history")
	}
	other.Close()
}

// TestFence holds that who follows a history gets nothing of the one that comes behind it, and does not wait
// for it awake.
func TestFence(t *testing.T) {
	r := newRig(1 << 20)
	old := r.Read(1000, 0)
	r.append([]byte("old"))
	r.At(func(uint64) { r.FenceLocked() })
	fresh := r.Read(1003, 0)
	r.append([]byte("new"))
	if got := rest(old); string(got) != "old" {
		t.Errorf("%q", got)
	}
	select {
	case <-old.Ready():
		old.Awake()
		select {
		case <-old.Ready():
			t.Error("it is told again and again of what it does not get")
		default:
		}
	default:
	}
	old.Awake()
	if got := rest(fresh); string(got) != "new" {
		t.Errorf("%q", got)
	}
	old.Close()
	fresh.Close()
}

func TestRecordAllocatesNothing(t *testing.T) {
	r := newRig(64 << 10)
	body := bytes.Repeat([]byte{'x'}, 100)
	for range 4000 {
		r.Journal.Append(0, 0, body, false)
	}
	if n := testing.AllocsPerRun(2000, func() { r.Journal.Append(0, 0, body, true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHistory(t *testing.T) {
	h := NewHistory()
	first := h.IDs().ID
	if !ValidID(first) || ValidID("?") || !ValidID(noID) {
		t.Fatal(first)
	}
	h.Branch(NewID(), 100)
	second := h.IDs().ID
	for _, c := range []struct {
		id     string
		offset int64
		may    bool
	}{
		{second, 5000, true}, {strings.ToUpper(second), 1, true}, {first, 100, true}, {first, 101, false}, {NewID(), 1, false}, {noID, 1, false},
		{strings.Repeat("0", 1000), 1, false},
	} {
		if why := h.Differs(c.id, c.offset); (why == "") != c.may || len(why) > 300 {
			t.Errorf("%s at %d: %q", c.id, c.offset, why)
		}
	}
	h.Renew()
	if h.Differs(second, 0) == "" || h.Differs(noID, -1) == "" {
		t.Error("an old history goes on")
	}
}

func BenchmarkRecord(b *testing.B) {
	r := newRig(1 << 20)
	body := bytes.Repeat([]byte{'x'}, 60)
	b.SetBytes(60)
	b.ReportAllocs()
	for b.Loop() {
		r.Journal.Append(0, 0, body, false)
	}
}
