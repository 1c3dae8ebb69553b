package cluster

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/options"
)

// dialHouse is a house whose connections to other nodes are made by the test.
type dialHouse struct {
	house
	conns chan net.Conn // the other ends
}

// Dial implements Mover.
func (h *dialHouse) Dial(context.Context, string, bool) (net.Conn, error) {
	here, there := net.Pipe()
	h.conns <- there
	return here, nil
}

// accept takes the other end of a link's connection, and greets it.
func (h *dialHouse) accept(t *testing.T) *bufio.Reader {
	t.Helper()
	var conn net.Conn
	select {
	case conn = <-h.conns:
	case <-time.After(time.Minute):
		t.Fatal("no connection")
	}
	t.Cleanup(func() { conn.Close() })
	in := bufio.NewReader(conn)
	for range 1 + 2*4 { // CLUSTER RELAY FROM id
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Write([]byte("+OK\r\n")); err != nil {
		t.Fatal(err)
	}
	for range 1 + 2*3 { // CLIENT REPLY OFF
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// TestRelaySlowNode: messages for a node that does not take them wait up to a bound, and those that do not fit are dropped and
// counted; what it is sent, it is sent in order. When it has taken them, it gets messages again.
func TestRelaySlowNode(t *testing.T) {
	const bound, size, published = 64 << 10, 1 << 10, 1000
	h := &dialHouse{house: house{rounds: make(chan struct{}, 1)}, conns: make(chan net.Conn, 1)}
	o := options.New()
	for name, value := range map[string]string{"dir": t.TempDir(), "cluster-link-sendbuf-limit": fmt.Sprint(bound)} {
		if err := o.Assign(name, value); err != nil {
			t.Fatal(err)
		}
	}
	n, err := Open(Config{House: h, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: cluster.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Begin(); err != nil {
		t.Fatal(err)
	}
	other := cluster.NewID()
	if _, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error {
		d.Join(cluster.Node{ID: other, IP: "127.0.0.1", Port: 1}, cluster.NewID())
		return d.Meet(n.ID(), other)
	}); err != nil {
		t.Fatal(err)
	}
	n.relay.follow(n.topology())
	text := strings.Repeat("x", size)
	n.relay.Publish(command.SubChannel, []byte("c"), []byte("0"+strings.Repeat(text, 8)))
	in := h.accept(t)
	if _, err := in.Peek(1); err != nil { // the first is being written: it is longer than what in has room for
		t.Fatal(err)
	}
	for i := 1; i < published; i++ {
		n.relay.Publish(command.SubChannel, []byte("c"), []byte(fmt.Sprint(i)+text))
	}
	got := n.relay.totals()
	if kept := published - got.Dropped; kept < bound/size/2 || kept > bound/size+2 || got.Full != 1 {
		t.Errorf("%d of %d messages were kept, full %d times", kept, published, got.Full)
	}
	number := func() (i int) {
		for line := ""; !strings.HasSuffix(line, text+"\r\n"); {
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Sscan(strings.ReplaceAll(line, text, ""), &i)
		}
		return i
	}
	for i := range int(published - got.Dropped) {
		if at := number(); at != i {
			t.Fatalf("message %d comes at the place of %d", at, i)
		}
	}
	n.relay.Publish(command.SubChannel, []byte("c"), []byte(fmt.Sprint(published)+text))
	if at := number(); at != published {
		t.Errorf("message %d, not %d", at, published)
	}
}
