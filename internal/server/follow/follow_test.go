package follow

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestFullCopy: a copy of known or unknown length, in pieces, by file or as it comes; then the stream, whose bytes
// are passed on unchanged.
func TestFullCopy(t *testing.T) {
	data := "REDIS" + strings.Repeat("0123456789abcdef$EOF:", 10_000)
	mark := strings.Repeat("$EOF:ab0", 5)
	for _, mode := range []string{"disabled", "on-empty-db", "swapdb"} {
		for _, head := range []string{fmt.Sprintf("$%d", len(data)), "$EOF:" + mark} {
			p := start(t, &house{empty: true}, "repl-diskless-load", mode)
			p.accept()
			p.handshake()
			p.expect("PSYNC ? -1", "+FULLRESYNC "+id+" 100\r\n\n\n"+head)
			text := data
			if strings.HasPrefix(head, "$EOF") {
				text += mark
			}
			stream := calls("SET a b", "PING", "MULTI", "INCR n", "INCR n", "EXEC", "SELECT 3")
			text += stream
			for len(text) > 0 {
				n := min(len(text), 30_011)
				p.send(text[:n])
				text = text[n:]
			}
			p.expect("REPLCONF ACK 100", "")
			p.awaitApplied("SET a b", "[INCR n, INCR n]", "SELECT 3")
			p.h.mu.Lock()
			if p.h.data != data || string(p.h.raw) != stream || p.h.offset != 100+int64(len(stream)) {
				t.Errorf("%s, %.10s: %d bytes of data, offset %d, passed on %q", mode, head, len(p.h.data), p.h.offset, p.h.raw)
			}
			p.h.mu.Unlock()
			if st, _ := p.f.Status(); !st.Up || st.SyncRead != int64(len(data)) {
				t.Errorf("%+v", st)
			}
			p.f.Stop()
			if _, ok := p.f.Status(); ok {
				t.Error("there still is a primary")
			}
		}
	}
}

// connected has a primary whose stream is followed from offset 10 on.
func connected(t *testing.T, set ...string) *primary {
	t.Helper()
	p := start(t, &house{id: id, offset: 10, known: true}, set...)
	p.accept()
	p.handshake()
	p.expect("PSYNC "+id+" 11", "+CONTINUE", "REPLCONF ACK 10", "")
	return p
}

// TestResume: what was applied counts, what is incomplete comes again, and the primary may call the
// history something else.
func TestResume(t *testing.T) {
	p := connected(t)
	whole := calls("SET a b")
	p.send(whole + calls("MULTI", "SET b c"))
	p.awaitApplied("SET a b")
	p.accept()
	p.handshake()
	newID := strings.Repeat("b2", 20)
	p.expect(fmt.Sprintf("PSYNC %s %d", id, 11+len(whole)), "+CONTINUE "+newID, fmt.Sprintf("REPLCONF ACK %d", 10+len(whole)), "")
	p.send(calls("MULTI", "SET b c", "EXEC"))
	p.awaitApplied("SET a b", "[SET b c]")
	p.await("the new id", func(h *house) bool { return h.id == newID })
	p.await("up, down, up", func(h *house) bool { return fmt.Sprint(h.ups) == "[true false true]" })
}

// TestStreamInPieces sends the stream byte by byte, and a call that is larger than any buffer.
func TestStreamInPieces(t *testing.T) {
	p := connected(t)
	text := calls("SET a b", "MULTI", "LPUSH l x", "EXEC", "REPLCONF GETACK *")
	for _, b := range []byte(text) {
		p.send(string(b))
	}
	for want := fmt.Sprintf("REPLCONF ACK %d", 10+len(text)); ; {
		got := p.call()
		if got == want {
			break
		}
		if !strings.HasPrefix(got, "REPLCONF ACK ") { // as it says once a second
			t.Fatalf("the replica says %q, not %q", got, want)
		}
	}
	big := strings.Repeat("v", 3<<20)
	p.send(calls("MULTI", "SET big "+big, "SET c d", "EXEC") + calls("SET e "+big, "SET f g"))
	p.awaitApplied("SET a b", "[LPUSH l x]", "[SET big (3145728 bytes), SET c d]", "SET e (3145728 bytes)", "SET f g")
}

// TestHeartbeat: the replica says where it is once a second, and with AUTH and an announced address at the beginning.
func TestHeartbeat(t *testing.T) {
	p := start(t, &house{id: id, offset: 10, known: true}, "masteruser", "u", "masterauth", "secret", "replica-announce-ip", "10.1.2.3", "replica-announce-port", "99")
	p.accept()
	p.expect("PING", "-NOAUTH Authentication required.", "AUTH u secret", "+OK", "REPLCONF listening-port 99", "-ERR unknown", "REPLCONF ip-address 10.1.2.3",
		"+OK", "REPLCONF capa eof capa psync2", "+OK", "PSYNC "+id+" 11", "+CONTINUE", "REPLCONF ACK 10", "", "REPLCONF ACK 10", "")
}

// TestRetries: errors of every phase end in another connection.
func TestRetries(t *testing.T) {
	p := start(t, &house{}, "masterauth", "secret")
	for i, answers := range [][]string{
		{"PING", "-ERR no"},
		{"PING", "+PONG", "AUTH secret", "-WRONGPASS no"},
		{"PING", "+PONG", "AUTH secret", "+OK", "REPLCONF listening-port 7000", "+OK", "REPLCONF capa eof capa psync2", "+OK", "PSYNC ? -1", "-NOMASTERLINK no"},
		{"PING", "+PONG", "AUTH secret", "+OK", "REPLCONF listening-port 7000", "+OK", "REPLCONF capa eof capa psync2", "+OK", "PSYNC ? -1", "+FULLRESYNC x y"},
		{"PING", "+PONG", "AUTH secret", "+OK", "REPLCONF listening-port 7000", "+OK", "REPLCONF capa eof capa psync2", "+OK", "PSYNC ? -1", "+FULLRESYNC " + id + " 1\r\n-ERR no"},
		{"PING", "+PONG", "AUTH secret", "+OK", "REPLCONF listening-port 7000", "+OK", "REPLCONF capa eof capa psync2", "+OK", "PSYNC ? -1", "+what"},
	} {
		p.accept()
		if i == 1 {
			if st, ok := p.f.Status(); !ok || !strings.Contains(st.Reason, "-ERR no") || st.Up || st.State == Connected {
				t.Errorf("%+v", st)
			}
		}
		if i == 3 {
			p.expect(answers[0], answers[1]+"\r\n+OK\r\n+OK\r\n+OK\r\n-LOADING it") // all at once
			continue
		}
		p.expect(answers...)
	}
	p.accept()
}

// TestSilence: a primary that says nothing is given up.
func TestSilence(t *testing.T) {
	p := start(t, &house{}, "repl-timeout", "1")
	p.accept()
	p.handshake()
	p.expect("PSYNC ? -1", "+FULLRESYNC "+id+" 1\r\n$1000\r\nREDIS")
	silent := p.conn
	defer silent.Close()
	p.conn = nil // so that it stays open
	p.accept()
	p.handshake()
	if st, _ := p.f.Status(); !strings.Contains(st.Reason, "silent") {
		t.Errorf("%+v", st)
	}
}

// TestRefused: what cannot be repeated stops the link, whose status says why.
func TestRefused(t *testing.T) {
	for _, bad := range []string{calls("SET a b", "NOSUCH x"), calls("SET a b", "MULTI", "NOSUCH y", "EXEC")} {
		h := &house{id: id, offset: 10, known: true}
		h.refuse = "NOSUCH"
		p := start(t, h)
		p.accept()
		p.handshake()
		p.expect("PSYNC "+id+" 11", "+CONTINUE")
		p.send(bad)
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if st, ok := p.f.Status(); ok && st.State == Stopped && !st.Up && st.Reason != "" && st.State.String() == "connect" {
				break
			}
			if time.Now().After(end) {
				st, _ := p.f.Status()
				t.Fatalf("%q: %+v", bad, st)
			}
		}
		p.f.Stop()
	}
}

// TestDamaged: a stream that is damaged ends the connection, and the next one begins with a full copy, also
// when that comes at the second attempt only; after it the stream is followed as ever.
func TestDamaged(t *testing.T) {
	for _, bad := range []string{"what\r\n", "*2\r\n$3\r\nGET\r\n:1\r\n", "*1\r\n$-5\r\n", calls("MULTI", "MULTI"), calls("EXEC")} {
		p := connected(t)
		p.send(bad)
		p.accept()
		if st, _ := p.f.Status(); st.Up || !strings.Contains(st.Reason, "damaged") {
			t.Errorf("%q: %+v", bad, st)
		}
		p.handshake()
		p.expect("PSYNC ? -1", "-LOADING not yet")
		p.accept()
		p.handshake()
		p.expect("PSYNC ? -1", "")
		p.send("+FULLRESYNC " + id + " 500\r\n$5\r\nREDIS")
		p.expect("REPLCONF ACK 500", "")
		p.send(calls("SET c d"))
		p.awaitApplied("SET c d")
		p.accept()
		p.handshake()
		p.expect(fmt.Sprintf("PSYNC %s %d", id, 501+len(calls("SET c d"))), "+CONTINUE")
		p.f.Stop()
	}
}

// TestStop ends the link wherever it is.
func TestStop(t *testing.T) {
	for phase := range 5 {
		p := start(t, &house{})
		if phase > 0 {
			p.accept()
		}
		if phase > 1 {
			p.handshake()
		}
		if phase > 2 {
			p.expect("PSYNC ? -1", "+FULLRESYNC "+id+" 1")
		}
		if phase > 3 {
			p.send("$1000\r\nREDIS")
		}
		p.f.Stop()
		p.f.Stop()
	}
}

// TestTakeOver asks the other end to become the primary.
func TestTakeOver(t *testing.T) {
	for answer, want := range map[string]bool{"+CONTINUE": true, "-ERR no": false} {
		p := start(t, &house{id: id, offset: 10, known: true})
		p.accept()
		p.f.Stop()
		took := make(chan bool, 2)
		target := p.target()
		target.TakeOver = func(taken bool) { took <- taken }
		p.f.Follow(target)
		p.accept()
		p.handshake()
		p.expect("PSYNC "+id+" 11 FAILOVER", answer)
		if got := <-took; got != want {
			t.Errorf("%s: %v", answer, got)
		}
		if !want { // it is asked once
			p.accept()
			p.handshake()
			p.expect("PSYNC "+id+" 11", "+CONTINUE")
		}
		p.f.Stop()
	}
}

// TestLyingPrimary: what the primary says of lengths and histories is not believed where that would cost
// memory, or have the data differ; the log shows the beginning of it only.
func TestLyingPrimary(t *testing.T) {
	for _, answer := range []string{
		"+CONTINUE", // although there is nothing here to continue
		"+CONTINUE " + id,
		"+FULLRESYNC " + id + " -5\r\n$5\r\nREDIS",
		"+FULLRESYNC " + strings.Repeat("\"", 40) + " 5\r\n$5\r\nREDIS",
		"+" + strings.Repeat("x", 50_000),
	} {
		p := start(t, &house{})
		p.accept()
		p.handshake()
		p.expect("PSYNC ? -1", answer)
		p.accept()
		p.handshake()
		p.expect("PSYNC ? -1", "-NOMASTERLINK no")
		if st, _ := p.f.Status(); len(st.Reason) > 2*mostQuotedBytes {
			t.Errorf("%.40q: a reason of %d bytes", answer, len(st.Reason))
		}
		p.f.Stop()
	}
	p := connected(t)
	p.send(calls("SET a b") + "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$99999999999999999\r\nabc")
	p.awaitApplied("SET a b")
	p.accept() // the connection ends without the rest
	p.handshake()
	p.expect(fmt.Sprintf("PSYNC %s %d", id, 11+len(calls("SET a b"))), "+CONTINUE")
}
