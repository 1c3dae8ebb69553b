package follow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kringdb/kring/internal/server/replication"
)

// handshake tells the primary who is here, and asks for the stream. It returns a full copy if the
// primary wants to send one, nil if the stream goes on.
func (l *link) handshake() (*Copy, error) {
	l.setState(Handshake)
	if err := l.write(appendCall(nil, "PING")); err != nil {
		return nil, err
	}
	answer, err := l.in.line()
	if err != nil {
		return nil, err
	}
	// A primary that wants a password first is there as well.
	if answer[0] != '+' && !hasAnyPrefix(answer, "-NOAUTH", "-NOPERM", "-ERR operation not permitted") {
		return nil, fmt.Errorf("the primary has answered PING with %q", clip(answer))
	}
	if err := l.introduce(); err != nil {
		return nil, err
	}
	return l.ask()
}

// introduce authenticates, and says what is listened on and what is understood here.
func (l *link) introduce() error {
	var out []byte
	var sent []string // what the answers belong to
	add := func(what string, words ...string) {
		out = appendCall(out, words...)
		sent = append(sent, what)
	}
	o := l.f.Options
	const auth = "AUTH"
	switch user, password := o.MasterUser.Load(), o.MasterAuth.Load(); {
	case password != "" && user != "":
		add(auth, auth, user, password)
	case password != "":
		add(auth, auth, password)
	}
	add("REPLCONF listening-port", "REPLCONF", "listening-port", strconv.Itoa(l.port()))
	if ip := o.ReplicaAnnounceIP.Load(); ip != "" {
		add("REPLCONF ip-address", "REPLCONF", "ip-address", ip)
	}
	if node := l.f.House.Node(); node != "" {
		add("REPLCONF node", "REPLCONF", "node", node)
	}
	add("REPLCONF capa", "REPLCONF", "capa", "eof", "capa", "psync2")
	if err := l.write(out); err != nil {
		return err
	}
	for _, what := range sent {
		answer, err := l.in.line()
		switch {
		case err != nil:
			return err
		case answer[0] != '-':
		case what == auth:
			return fmt.Errorf("the primary does not let the replica in: %s", clip(answer[1:]))
		default: // an old primary may not know it
			l.f.Log.Info("the primary has refused what the replica has said of itself", "call", what, "answer", clip(answer[1:]))
		}
	}
	return nil
}

// port is the port that the primary is to tell others of.
func (l *link) port() int {
	o := l.f.Options
	if p := o.ReplicaAnnouncePort.Load(); p != 0 {
		return int(p)
	}
	plain, tls := l.f.House.Ports()
	if tls != 0 && (o.TLSReplication.Load() || plain == 0) {
		return tls
	}
	return plain
}

// ask asks for the stream by PSYNC.
func (l *link) ask() (*Copy, error) {
	words := []string{"PSYNC", "?", "-1"}
	id, offset, known := l.f.House.Resume()
	known = known && !l.afresh
	if known {
		words[1], words[2] = id, strconv.FormatInt(offset+1, 10)
	}
	took := l.target.TakeOver
	if took != nil {
		l.target.TakeOver = nil
		words = append(words, "FAILOVER")
	}
	answer := ""
	err := l.write(appendCall(nil, words...))
	if err == nil {
		answer, err = l.in.line()
	}
	if err != nil {
		if took != nil {
			took(false)
		}
		return nil, err
	}
	word, rest, _ := strings.Cut(answer, " ")
	if took != nil {
		took(strings.EqualFold(word, "+CONTINUE"))
	}
	switch {
	case strings.EqualFold(word, "+CONTINUE"):
		newID := strings.TrimSpace(rest)
		if newID != "" && !replication.ValidID(newID) {
			return nil, fmt.Errorf("the primary has answered PSYNC with %q", clip(answer))
		}
		if !known {
			return nil, errNothing
		}
		l.f.Log.Info("the stream goes on where it had ended", "primary", l.target.addr(), "history", id, "offset", offset, "new history", newID)
		l.f.House.Continue(newID)
		return nil, nil
	case strings.EqualFold(word, "+FULLRESYNC"):
		return l.announced(answer, rest)
	case hasAnyPrefix(answer, "-NOMASTERLINK", "-LOADING", "-MASTERDOWN"):
		return nil, fmt.Errorf("the primary is not ready: %s", clip(answer[1:]))
	}
	return nil, fmt.Errorf("the primary has answered PSYNC with %q", clip(answer))
}

var (
	errAnnounced = errors.New("the primary has announced a full copy without its id or offset")
	errNothing   = errors.New("the primary wants to go on with a stream of which there is nothing here")
)

// clip shortens what the primary has sent to what a line of the log needs.
func clip(answer string) string {
	if len(answer) > mostQuotedBytes {
		return answer[:mostQuotedBytes] + "..."
	}
	return answer
}

// announced reads what +FULLRESYNC says, and how the copy will come.
func (l *link) announced(answer, rest string) (*Copy, error) {
	id, off, _ := strings.Cut(strings.TrimSpace(rest), " ")
	offset, err := strconv.ParseInt(off, 10, 64)
	if !replication.ValidID(id) || err != nil || offset < 0 {
		return nil, fmt.Errorf("%w: %q", errAnnounced, clip(answer))
	}
	l.f.Log.Info("a full copy of the data will come", "primary", l.target.addr(), "history", id, "offset", offset)
	l.size.Store(-1)
	l.received.Store(0)
	l.setState(Sync)
	head, err := l.in.line()
	if err != nil {
		return nil, err
	}
	c := &Copy{ID: id, Offset: offset, Size: -1}
	switch mark, isEOF := strings.CutPrefix(head, "$EOF:"); {
	case isEOF && len(mark) == markBytes:
		c.In = &markReader{in: &l.in, mark: []byte(mark)}
	case head[0] == '$' && !isEOF:
		if c.Size, err = strconv.ParseInt(head[1:], 10, 64); err != nil || c.Size < 0 {
			return nil, fmt.Errorf("the primary has begun a full copy with %q", clip(head))
		}
		c.In = &exactReader{in: &l.in, left: c.Size}
		l.size.Store(c.Size)
	default:
		return nil, fmt.Errorf("the primary has no full copy: %q", clip(head))
	}
	return c, nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
