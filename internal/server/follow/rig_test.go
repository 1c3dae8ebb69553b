package follow

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
)

// id is a history.
var id = strings.Repeat("a1", 20)

// house is a server that keeps what it is given.
type house struct {
	mu      sync.Mutex
	id      string
	offset  int64
	known   bool
	data    string   // of the last full copy
	applied []string // calls, and units in brackets
	raw     []byte
	ups     []bool
	refuse  string // the call that it does not know
	empty   bool
}

func (h *house) Resume() (string, int64, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.id, h.offset, h.known
}

func (h *house) Replace(_ context.Context, c *Copy) error {
	h.mu.Lock()
	h.known = false
	h.mu.Unlock()
	data, err := io.ReadAll(c.In)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.data, h.id, h.offset, h.known = string(data), c.ID, c.Offset, true
	return nil
}

func (h *house) Empty() bool { return h.empty }

func (h *house) Continue(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id != "" {
		h.id = id
	}
}

func (h *house) Apply(_ context.Context, b *replication.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var texts []string
	for _, args := range b.Calls {
		text := string(joined(args))
		if h.refuse != "" && strings.HasPrefix(text, h.refuse) {
			return &replication.Refused{Reason: "it is not known"}
		}
		texts = append(texts, text)
	}
	if b.Unit {
		texts = []string{"[" + strings.Join(texts, ", ") + "]"}
	}
	h.applied = append(h.applied, texts...)
	h.raw = append(h.raw, b.Raw...)
	h.offset += int64(len(b.Raw))
	return nil
}

func joined(args resp.Args) (text []byte) {
	for i, a := range args {
		if i > 0 {
			text = append(text, ' ')
		}
		if len(a) > 40 {
			a = fmt.Appendf(nil, "(%d bytes)", len(a))
		}
		text = append(text, a...)
	}
	return text
}

func (h *house) Applied() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offset
}

func (h *house) Durable() (int64, bool) { return 0, false }
func (h *house) Ports() (int, int)      { return 7000, 0 }

func (h *house) Dial(ctx context.Context, addr string, _ net.Addr) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

func (h *house) NewID() int64 { return 77 }

func (h *house) Node() string { return "" }

func (h *house) AskedToPromise(int64) {}

func (h *house) Up(up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ups = append(h.ups, up)
}

// primary is the other end, played by the test.
type primary struct {
	t    *testing.T
	l    net.Listener
	f    *Follower
	h    *house
	opts *options.Options
	conn net.Conn
	in   *bufio.Reader
}

// start begins to follow.
func start(t *testing.T, h *house, set ...string) *primary {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &primary{t: t, l: l, h: h, opts: options.New()}
	for i := 0; i < len(set); i += 2 {
		if err := p.opts.Assign(set[i], set[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.opts.Assign("dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	p.f = New(Config{House: h, Options: p.opts, Log: slog.New(slog.DiscardHandler), FS: persistence.OS{}})
	t.Cleanup(func() {
		p.f.Stop()
		l.Close()
		p.hangUp()
	})
	p.f.Follow(p.target())
	return p
}

func (p *primary) target() Target {
	return Target{Host: "127.0.0.1", Port: p.l.Addr().(*net.TCPAddr).Port}
}

// accept takes the next connection.
func (p *primary) accept() {
	p.t.Helper()
	p.hangUp()
	_ = p.l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute))
	c, err := p.l.Accept()
	if err != nil {
		p.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	p.conn, p.in = c, bufio.NewReader(c)
}

func (p *primary) hangUp() {
	if p.conn != nil {
		p.conn.Close()
	}
}

// call reads the next call of the replica; what says that it lives is skipped.
func (p *primary) call() string {
	p.t.Helper()
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatal(err)
		}
		if line == "\n" {
			continue
		}
		var n int
		if _, err := fmt.Sscanf(line, "*%d\r\n", &n); err != nil {
			p.t.Fatalf("%q: %v", line, err)
		}
		var words []string
		for range n {
			var size int
			if _, err := fmt.Fscanf(p.in, "$%d\r\n", &size); err != nil {
				p.t.Fatal(err)
			}
			word := make([]byte, size+2)
			if _, err := io.ReadFull(p.in, word); err != nil {
				p.t.Fatal(err)
			}
			words = append(words, string(word[:size]))
		}
		return strings.Join(words, " ")
	}
}

// expect reads calls and answers each.
func (p *primary) expect(pairs ...string) {
	p.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := p.call(); got != pairs[i] {
			p.t.Fatalf("the replica says %q, not %q", got, pairs[i])
		}
		if pairs[i+1] != "" {
			p.send(pairs[i+1] + "\r\n")
		}
	}
}

// handshake is what comes before PSYNC.
func (p *primary) handshake() {
	p.t.Helper()
	p.expect("PING", "+PONG", "REPLCONF listening-port 7000", "+OK", "REPLCONF capa eof capa psync2", "+OK")
}

func (p *primary) send(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, text); err != nil {
		p.t.Fatal(err)
	}
}

// calls frames calls, words separated by spaces.
func calls(texts ...string) string {
	var b []byte
	for _, text := range texts {
		b = appendCall(b, strings.Fields(text)...)
	}
	return string(b)
}

// await waits until something is so.
func (p *primary) await(what string, is func(h *house) bool) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p.h.mu.Lock()
		ok := is(p.h)
		p.h.mu.Unlock()
		if ok {
			return
		}
	}
	st, _ := p.f.Status()
	p.t.Fatalf("%s: it is not so; there is %v, the link is %+v", what, p.h.applied, st)
}

// awaitApplied waits for calls.
func (p *primary) awaitApplied(want ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf("%q applied", want), func(h *house) bool { return strings.Join(h.applied, "|") == strings.Join(want, "|") })
}
