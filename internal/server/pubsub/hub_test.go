package pubsub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/inbox"
	"github.com/kringdb/kring/resp"
)

// ear is a listener that keeps what it hears, or counts its bytes alone.
type ear struct {
	proto  int
	heard  strings.Builder
	bytes  int
	counts bool
}

func (e *ear) Hear(m Messages) {
	b := m.Encoded(e.proto)
	if e.bytes += len(b); !e.counts {
		e.heard.Write(b)
	}
}

// took returns, and forgets, what was heard, in one line.
func (e *ear) took() string {
	defer e.heard.Reset()
	return strings.ReplaceAll(e.heard.String(), "\r\n", " ")
}

// desk is a reactor that runs its letters when it is asked to.
type desk struct {
	letters []func()
	flushes int
}

func (d *desk) Post(f func()) { d.letters = append(d.letters, f) }
func (d *desk) Flush()        { d.flushes++ }

// Share is so long that parts are bounded by what they do, not by this machine's speed.
func (d *desk) Share() time.Duration { return time.Hour }

func (d *desk) run() {
	for len(d.letters) > 0 {
		f := d.letters[0]
		d.letters = d.letters[1:]
		f()
	}
}

// TestMessagesReachThoseWhoListened: a message reaches exactly those who had subscribed when it was
// published, through every way in which they listen, in one order for all.
func TestMessagesReachThoseWhoListened(t *testing.T) {
	h := New[*ear](func() {})
	desks := []*desk{{}, {}}
	outlets := []*Outlet[*ear]{h.Open(desks[0]), h.Open(desks[1])}
	ears := []*ear{{proto: resp.RESP2}, {proto: resp.RESP3}}
	var subs [2]Subscriptions[*ear]
	for i, e := range ears {
		outlets[i].Subscribe(e, &subs[i], command.SubChannel, []byte("news"), 1)
	}
	outlets[1].Subscribe(ears[1], &subs[1], command.SubPattern, []byte("n*"), 1)
	outlets[1].Subscribe(ears[1], &subs[1], command.SubPattern, []byte("n*"), 1) // again: nothing
	if subs[1].Count() != 2 || h.Topics() != 2 || h.Listeners(command.SubChannel, []byte("news")) != 2 {
		t.Fatal(subs[1].Count(), h.Topics())
	}

	// A worker tells at once, and once; a reactor when its turn ends.
	if n := h.Publish(nil, command.SubChannel, []byte("news"), []byte("1")); n != 3 {
		t.Errorf("%d hear it, want 3", n)
	}
	h.Publish(nil, command.SubChannel, []byte("news"), []byte("2"))
	if len(desks[0].letters) != 1 || len(desks[1].letters) != 1 {
		t.Error("a reactor is told more than once")
	}
	for _, d := range desks {
		d.run()
	}
	h.Publish(outlets[0], command.SubChannel, []byte("news"), []byte("3"))
	if len(desks[0].letters)+len(desks[1].letters) != 0 {
		t.Error("told before the end of the turn")
	}
	outlets[0].EndTurn()
	desks[1].run()
	want2, want3 := "", ""
	for i := range 3 {
		want2 += fmt.Sprintf("*3 $7 message $4 news $1 %d ", i+1)
		want3 += fmt.Sprintf(">3 $7 message $4 news $1 %d >4 $8 pmessage $2 n* $4 news $1 %d ", i+1, i+1)
	}
	if got := ears[0].took(); got != want2 {
		t.Errorf("heard %q, want %q", got, want2)
	}
	if got := ears[1].took(); got != want3 {
		t.Errorf("heard %q, want %q", got, want3)
	}

	// Who comes later hears nothing of before, who goes all of it.
	h.Publish(nil, command.SubChannel, []byte("news"), []byte("4"))
	late := &ear{proto: resp.RESP2}
	var lateSubs Subscriptions[*ear]
	outlets[0].Subscribe(late, &lateSubs, command.SubChannel, []byte("news"), 1)
	outlets[1].UnsubscribeAll(ears[1], &subs[1])
	for _, d := range desks {
		d.run()
	}
	if got := late.took(); got != "" {
		t.Errorf("heard %q before it listened", got)
	}
	if got := ears[1].took(); !strings.Contains(got, "$1 4") {
		t.Errorf("heard %q, which is not what was published before it went", got)
	}
	outlets[0].UnsubscribeAll(late, &lateSubs)
	outlets[0].Unsubscribe(ears[0], &subs[0], command.SubChannel, []byte("news"))
	if h.Topics() != 0 || subs[0].Bytes() != 0 || subs[1].Bytes() != 0 || len(h.Channels(command.SubChannel, nil)) != 0 {
		t.Error("something is left")
	}
}

// TestMuchIsDeliveredInParts: others have their turn between, nothing is lost, and the order holds.
func TestMuchIsDeliveredInParts(t *testing.T) {
	h := New[*ear](func() {})
	d := &desk{}
	o := h.Open(d)
	e := &ear{proto: resp.RESP2}
	var subs Subscriptions[*ear]
	for _, ch := range []string{"a", "b"} {
		o.Subscribe(e, &subs, command.SubChannel, []byte(ch), 1)
	}
	var want []string
	for i := range 2 * drainPushes {
		ch := string("ab"[i%2])
		h.Publish(nil, command.SubChannel, []byte(ch), []byte(fmt.Sprint(i)))
		want = append(want, fmt.Sprint(i))
	}
	first := d.letters[0]
	d.letters = nil
	first()
	if len(d.letters) != 1 {
		t.Fatal("all at once")
	}
	d.run()
	var got []string
	words := strings.Fields(e.took())
	for i := 6; i < len(words); i += 7 {
		got = append(got, words[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d messages in their order, want %d", len(got), len(want))
	}
}

// audience has n ears listen to the channel a, and count what they hear.
func audience(o *Outlet[*ear], n int) ([]ear, []Subscriptions[*ear]) {
	ears, subs := make([]ear, n), make([]Subscriptions[*ear], n)
	for i := range ears {
		ears[i].counts = true
		o.Subscribe(&ears[i], &subs[i], command.SubChannel, []byte("a"), 1)
	}
	return ears, subs
}

// TestLargeIsDeliveredInParts: a turn is bounded by what it copies, not by its writes alone.
func TestLargeIsDeliveredInParts(t *testing.T) {
	const listeners, messages, size, most = 64, 500, 1000, drainPushes*pushBytes + 64*2*sendBytes
	h := New[*ear](func() {})
	d := &desk{}
	o := h.Open(d)
	ears, _ := audience(o, listeners)
	for range messages {
		h.Publish(nil, command.SubChannel, []byte("a"), make([]byte, size))
	}
	heard, parts := 0, 0
	for ; len(d.letters) > 0; parts++ {
		if parts < 3 { // who is told meanwhile does not come twice in a turn
			h.Publish(nil, command.SubChannel, []byte("a"), make([]byte, size))
		}
		turn := d.letters
		d.letters = nil
		for _, f := range turn {
			f()
		}
		now := 0
		for i := range ears {
			now += ears[i].bytes
		}
		if now-heard > most {
			t.Fatalf("%d bytes at once", now-heard)
		}
		heard = now
	}
	if heard < listeners*(messages+3)*size || parts < 5 {
		t.Errorf("%d bytes in %d parts", heard, parts)
	}
}

// TestWhoComesAndGoesHoldsUpNobody: a client that begins or ends to listen, or is gone, does not have
// all others hear at once what is left over: it may be very much, for very many.
func TestWhoComesAndGoesHoldsUpNobody(t *testing.T) {
	const listeners, messages, size = 64, 3000, 1000
	h := New[*ear](func() {})
	d := &desk{}
	o := h.Open(d)
	ears, subs := audience(o, listeners)
	for range messages {
		h.Publish(nil, command.SubChannel, []byte("a"), make([]byte, size))
	}
	others := func() (sum int) {
		for i := range ears[3:] {
			sum += ears[3+i].bytes
		}
		return sum
	}
	o.Subscribe(&ears[0], &subs[0], command.SubChannel, []byte("b"), 1)
	o.Unsubscribe(&ears[1], &subs[1], command.SubChannel, []byte("a"))
	o.Leave(&ears[2], &subs[2])
	if n := others(); n != 0 {
		t.Errorf("others heard %d bytes meanwhile", n)
	}
	if all := messages * size; ears[0].bytes < all || ears[1].bytes < all || ears[2].bytes != 0 {
		t.Errorf("%d and %d bytes were heard before that, and %d by who is gone; want %d, none by the latter", ears[0].bytes, ears[1].bytes, ears[2].bytes, all)
	}
	before := ears[0].bytes
	d.run()
	if n := others(); n < (listeners-3)*messages*size || ears[0].bytes != before || len(o.ahead)+len(o.gaps) != 0 {
		t.Errorf("others heard %d bytes in the end, the first %d twice, and %d are still ahead", n, ears[0].bytes-before, len(o.ahead))
	}
}

// TestOrderOfComingAndGoing: whatever order clients come and go in, and messages and parts of their delivery in
// between, each hears those that were published while it listened, in their order, before its own next call ends.
func TestOrderOfComingAndGoing(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		h := New[*ear](func() {})
		d := &desk{}
		o := h.Open(d)
		ears, subs := make([]ear, 5), make([]Subscriptions[*ear], 5)
		want := make([]string, len(ears))
		listens := make([]map[string]bool, len(ears))
		for i := range ears {
			listens[i] = map[string]bool{}
		}
		check := func(i int, when string) {
			if got := ears[i].heard.String(); got != want[i] {
				t.Fatalf("seed %d, %s: listener %d heard %q, want %q", seed, when, i, got, want[i])
			}
		}
		for step := range 120 {
			i, ch := rnd.IntN(len(ears)), string("abc"[rnd.IntN(3)])
			switch rnd.IntN(8) {
			case 0, 1:
				o.Subscribe(&ears[i], &subs[i], command.SubChannel, []byte(ch), 1)
				if !listens[i][ch] {
					listens[i][ch] = true
					check(i, "having come")
				}
			case 2:
				o.Unsubscribe(&ears[i], &subs[i], command.SubChannel, []byte(ch))
				if listens[i][ch] {
					delete(listens[i], ch)
					check(i, "having left")
				}
			case 3:
				if len(d.letters) > 0 {
					f := d.letters[0]
					d.letters = d.letters[1:]
					f()
				}
			case 4: // a part that ends early
				o.deliver(o.takeFor(h), 1, time.Hour)
			default:
				text := fmt.Sprintf("%d.%d", seed, step)
				h.Publish(nil, command.SubChannel, []byte(ch), []byte(text))
				for j := range ears {
					if listens[j][ch] {
						want[j] += fmt.Sprintf("*3\r\n$7\r\nmessage\r\n$1\r\n%s\r\n$%d\r\n%s\r\n", ch, len(text), text)
					}
				}
			}
		}
		d.run()
		for i := range ears {
			check(i, "in the end")
		}
	}
}

// takeFor empties the inbox, as whoever happens to look does.
func (o *Outlet[L]) takeFor(h *Hub[L]) []message[L] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return o.takeLocked()
}

// TestFull: publishers are told to wait while much waits to be delivered, and told once when it does not.
func TestFull(t *testing.T) {
	told := 0
	h := New[*ear](func() { told++ })
	d := &desk{}
	o := h.Open(d)
	e := &ear{proto: resp.RESP2}
	var subs Subscriptions[*ear]
	o.Subscribe(e, &subs, command.SubChannel, []byte("ch"), 1)
	text := make([]byte, 1<<20)
	for range inbox.FullBytes/len(text) - 1 {
		h.Publish(nil, command.SubChannel, []byte("ch"), text)
	}
	if h.Full() {
		t.Error("full before there is much")
	}
	h.Publish(nil, command.SubChannel, []byte("ch"), text)
	if !h.Full() || told != 0 {
		t.Error("not full, or told that it is not any more:", told)
	}
	d.run()
	if h.Full() || told != 1 || h.room.Waiting() != 0 {
		t.Errorf("full: %v; told %d times; %d bytes are still counted", h.Full(), told, h.room.Waiting())
	}
}
