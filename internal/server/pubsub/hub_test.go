package pubsub

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// ear is a listener that keeps what it hears.
type ear struct {
	proto int
	heard strings.Builder
}

func (e *ear) Hear(m Messages) { e.heard.Write(m.Encoded(e.proto)) }

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
	h := New[*ear]()
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
	h := New[*ear]()
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

// TestLargeIsDeliveredInParts: a turn is bounded by what it copies, not by its writes alone.
func TestLargeIsDeliveredInParts(t *testing.T) {
	const listeners, messages, size, most = 64, 500, 1000, drainPushes*pushBytes + 64*2*sendBytes
	h := New[*ear]()
	d := &desk{}
	o := h.Open(d)
	ears, subs := make([]ear, listeners), make([]Subscriptions[*ear], listeners)
	for i := range ears {
		o.Subscribe(&ears[i], &subs[i], command.SubChannel, []byte("a"), 1)
	}
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
			now += ears[i].heard.Len()
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
