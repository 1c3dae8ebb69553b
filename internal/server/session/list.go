package session

import (
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

var errKilled = errors.New("killed by CLIENT KILL")

// listed is a session as CLIENT LIST and its like show it. Nothing is changed by it.
type listed struct {
	*Session
	calls bool  // it has asked itself: the executor's call is its own
	as    *face // nil: as it is
}

// listedOf is s as others ask about it.
func listedOf(s *Session) listed { return listed{Session: s} }

// listedFor is s as the client of a call asks about it: of itself it knows what that call, which a worker
// runs, has made of it so far.
func listedFor(c *command.Ctx, s *Session) listed {
	l := listedOf(s)
	if w, ok := c.Client.(*workerClient); ok && w.s == s {
		l.as = w.face
	}
	return l
}

// face is what a client has chosen to be.
type face struct {
	name, user, libName, libVer string
	db, proto                   int
	modes                       modes
	monitoring                  bool
	subs                        [command.SubKinds]int
}

// faceOf is the session's.
func faceOf(s *Session) face {
	f := face{user: s.User(), db: int(s.db), proto: int(s.proto), modes: s.modes, monitoring: s.monitoring}
	if s.more != nil {
		f.name, f.libName, f.libVer = s.more.name, s.more.libName, s.more.libVer
		for k := range f.subs {
			f.subs[k] = s.more.subs.Len(command.SubKind(k))
		}
	}
	return f
}

// face is what is shown of it.
func (s listed) face() face {
	if s.as != nil {
		return *s.as
	}
	return faceOf(s.Session)
}

// matches tells whether a filter of CLIENT LIST or CLIENT KILL selects the session.
// It runs on the session's reactor.
func (s listed) matches(f *command.ClientFilter) bool {
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, s.id),
		f.Addr != nil && *f.Addr != s.Conn.RemoteAddr(),
		f.LocalAddr != nil && *f.LocalAddr != s.Conn.LocalAddr(),
		f.User != "" && f.User != s.face().user,
		f.Type != "" && f.Type != s.kind(),
		f.SkipID == s.id,
		f.MaxAgeSecs > 0 && (s.Conn.Reactor().Now()-s.Conn.Created())/1000 < f.MaxAgeSecs:
		return false
	}
	return true
}

// kind is the session's type in filters.
func (s listed) kind() string {
	if s.reply == replyFed {
		return "replica"
	}
	if s.face().subs != [command.SubKinds]int{} {
		return "pubsub"
	}
	return "normal"
}

// appendInfo appends the line of CLIENT INFO and CLIENT LIST. Of a session whose call a worker runs
// that worker may ask; it brings its own clock.
func (s listed) appendInfo(dst []byte, now int64) []byte {
	id := s.face()
	in, out := s.Conn.In().Len()+s.parser.Buffered(), s.Conn.OutBytes()
	if s.reply == replyFed {
		out = int(s.more.replica.Lag()) // of the stream, which all replicas share
	}
	num := func(name string, n int64) {
		dst = append(dst, name...)
		dst = strconv.AppendInt(dst, n, 10)
	}
	str := func(name, v string) {
		dst = append(dst, name...)
		dst = append(dst, v...)
	}
	num("id=", s.id)
	str(" addr=", s.Conn.RemoteAddr())
	str(" laddr=", s.Conn.LocalAddr())
	num(" fd=", int64(s.Conn.FD()))
	str(" name=", id.name)
	num(" age=", (now-s.Conn.Created())/1000)
	num(" idle=", (now-s.active)/1000)
	str(" flags=", s.flagLetters(&id))
	num(" db=", int64(id.db))
	num(" sub=", int64(id.subs[command.SubChannel]))
	num(" psub=", int64(id.subs[command.SubPattern]))
	num(" ssub=", int64(id.subs[command.SubShard]))
	queued := -1
	if s.tx != nil {
		queued = s.tx.Len()
	}
	num(" multi=", int64(queued))
	num(" watch=", int64(s.watching.Len()))
	num(" qbuf=", int64(in))
	num(" qbuf-free=", int64(s.Conn.InRoom()))
	num(" argv-mem=", s.argvBytes())
	num(" multi-mem=", s.argBytes())
	str("", " rbs=0 rbp=0 obl=0") // replies have no buffer of a fixed size: all is in the list
	num(" oll=", int64(s.Conn.OutNodes()))
	num(" omem=", int64(out))
	num(" tot-mem=", s.bytes())
	if str(" events=", "r"); out > 0 {
		dst = append(dst, 'w')
	}
	cmd := "NULL"
	if s.lastSpec != nil {
		cmd = s.lastSpec.FullName
	}
	str(" cmd=", cmd)
	str(" user=", id.user)
	num(" redir=", s.caching.redirection())
	num(" resp=", int64(id.proto))
	str(" lib-name=", id.libName)
	str(" lib-ver=", id.libVer)
	return dst
}

// argvBytes is what the arguments of the session's running call take, or of the one that
// waits.
func (s listed) argvBytes() (n int64) {
	var args resp.Args
	switch c := &s.ex.Ctx; {
	case s.blocked != nil:
		args = s.blocked.Args
	case s.calls:
		args = c.Args
	}
	for _, a := range args {
		n += int64(len(a))
	}
	return n
}

// flagLetters returns the flags of CLIENT LIST.
func (s listed) flagLetters(id *face) string {
	f := ""
	if s.reply == replyFed {
		f += "S"
	}
	if id.monitoring {
		f += "O"
	}
	if id.subs != [command.SubKinds]int{} {
		f += "P"
	}
	if s.tx != nil {
		f += "x"
	}
	if s.blocked != nil || s.postponed {
		f += "b"
	}
	f += s.caching.letters()
	if s.watching.Broken() {
		f += "d"
	}
	if s.closing {
		f += "c"
	}
	if s.Conn.IsUnix() {
		f += "U"
	}
	if id.modes&readsReplica != 0 {
		f += "r"
	}
	if id.modes&noEvict != 0 {
		f += "e"
	}
	if id.modes&noTouch != 0 {
		f += "T"
	}
	if f == "" {
		return "N"
	}
	return f
}

// clientsHost implements command.ClientsHost.
type clientsHost struct{ *Clients }

// Pause implements command.ClientsHost. Its caller holds all gates.
func (h clientsHost) Pause(forMs int64, all bool) { h.Pauses.Begin(forMs, all) }

// Unpause implements command.ClientsHost.
func (h clientsHost) Unpause() { h.Pauses.Cancel() }

// Has implements command.ClientsHost.
func (h clientsHost) Has(id int64) bool { return h.Find(id) != nil }

// AppendList implements command.ClientsHost.
func (h clientsHost) AppendList(c *command.Ctx, dst []byte, f *command.ClientFilter) []byte {
	type line struct {
		id   int64
		text []byte
	}
	var mu sync.Mutex
	var lines []line
	h.Ask(c, func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(se *Session) {
			if se := listedFor(c, se); se.matches(f) {
				l := line{se.id, append(se.appendInfo(nil, r.Now()), '\n')}
				mu.Lock()
				lines = append(lines, l)
				mu.Unlock()
			}
		})
	})
	if p, ok := h.primary(f); ok {
		lines = append(lines, line{p.ID, append(p.appendInfo(nil), '\n')})
	}
	if len(f.IDs) > 0 { // in the order asked, and as often
		for _, id := range f.IDs {
			if i := slices.IndexFunc(lines, func(l line) bool { return l.id == id }); i >= 0 {
				dst = append(dst, lines[i].text...)
			}
		}
		return dst
	}
	slices.SortFunc(lines, func(a, b line) int { return int(a.id - b.id) })
	for _, l := range lines {
		dst = append(dst, l.text...)
	}
	return dst
}

// Kill implements command.ClientsHost. A client that kills itself still gets its reply.
func (h clientsHost) Kill(c *command.Ctx, f *command.ClientFilter) int {
	var mu sync.Mutex
	killed, own := 0, c.Client.ID()
	h.Ask(c, func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(se *Session) {
			if !listedFor(c, se).matches(f) {
				return
			}
			mu.Lock()
			killed++
			mu.Unlock()
			if se.id == own {
				se.closeAfterReply()
			} else {
				se.endNow(errKilled)
			}
		})
	})
	if p, ok := h.primary(f); ok && h.Link.HangUp(p.ID) {
		killed++
	}
	return killed
}

// primary is the connection to the primary, if there is one and the filter selects it.
func (h clientsHost) primary(f *command.ClientFilter) (p Primary, ok bool) {
	p, ok = h.Link.Primary()
	return p, ok && p.matches(f)
}
