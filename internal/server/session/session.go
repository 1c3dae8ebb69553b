package session

import (
	"errors"
	"math"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/feed"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// Session is one client connection as the server sees it: parser state, selected
// database, identity and reply mode. Only the connection's reactor touches it,
// except for the immutable id.
//
// An idle connection costs a session and a netio.Conn. What few clients have is behind a
// pointer, and small fields stand together.
type Session struct {
	Conn   *netio.Conn
	ex     *Station
	parser resp.Parser
	id     int64
	user   *acl.User   // nil: one who may do everything
	more   *sessionExt // nil until it is needed

	db       int32
	subCount int32 // over all kinds
	proto    int8
	reply    replyState

	modes      modes
	needAuth   bool // a password is set and this client has not given it
	monitoring bool // it has sent MONITOR
	unflushed  bool // in Station.Unflushed
	swollen    bool // in Station.swollen

	queue
	caching
	progress

	active    int64 // last input, milliseconds since 1970
	softSince int64 // when the output first passed the soft limit, 0: it has not
	lastSpec  *command.Spec
}

// progress is whether a session goes on, and what it waits for if it does not.
type progress struct {
	blocked *exec.Waiter // a command of its own waits for a key: nothing else runs
	held    *resp.Batch  // the batch that a slow or a blocked command interrupted
	waitFor uint64       // its replies wait for this position to be durable
	written uint64       // the position behind the last record that it ever made
	heldAt  uint8        // first call of held that has not run

	closing   bool // close once the replies so far are out
	closed    bool
	busy      bool // a worker runs one of its commands; the connection is paused
	postponed bool // it waits for the end of CLIENT PAUSE
	stalled   bool // it waits for the journal, see stall.go; the connection is paused
	throttled bool // it waits for room in the journal
}

// modes are bits of what the client has asked for, until it asks for something else.
type modes uint8

const (
	noTouch      modes = 1 << iota // CLIENT NO-TOUCH
	noEvict                        // CLIENT NO-EVICT
	readsReplica                   // READONLY
	asks                           // ASKING
)

// set switches a bit.
func (m *modes) set(bit modes, on bool) {
	*m &^= bit
	if on {
		*m |= bit
	}
}

// standing is what package admit makes of them.
func (m modes) standing() (is admit.Standing) {
	if m&readsReplica != 0 {
		is |= admit.ReadsReplica
	}
	if m&asks != 0 {
		is |= admit.Asks
	}
	return is
}

// sessionExt is what a client says of itself, and what it listens to, kept apart because
// most neither speak nor listen.
type sessionExt struct {
	name, libName, libVer, user string
	replica                     *feed.Replica        // nil: it has said nothing of that
	unsent                      int64                // replies of the executor to nobody, in bytes, before the batch of a replica that runs
	request                     *command.SyncRequest // PSYNC that has yet to begin
	subs                        pubsub.Subscriptions[*Session]
	strays                      bool // slots have left while it was busy: see endStrayedChannels
}

// heldAt holds an index into a batch, or its length.
const _ = uint8(resp.MaxBatch)

// replyState says what becomes of replies (CLIENT REPLY).
type replyState uint8

const (
	replyOn replyState = iota
	replyOff
	replySkipNext // the next command stays without reply
	replySkipThis
	replyFed // it is a replica: what it is sent somebody else writes
)

var errQueryLimit = errors.New("query buffer limit reached")

// Data implements netio.Session: it runs what has arrived, batch by batch, for at
// most turnCommands commands.
func (s *Session) Data() {
	if n := s.Conn.TakeDirect(); n > 0 {
		s.parser.Filled(n)
	}
	if s.busy || s.stalled || s.closed || s.closing {
		if s.stalled && !s.closed {
			s.Conn.Pause() // release has this called again
		}
		return
	}
	if s.blocked != nil || s.postponed { // input stays in the ring
		s.checkInput()
		return
	}
	s.active = s.Conn.Reactor().Now()
	if s.reply == replyFed {
		s.more.replica.Heard(s.active)
	}
	if s.Serve() && !s.closed {
		s.Conn.SetDirect(s.parser.Direct())
		s.checkInput()
	}
	if !s.closed {
		s.Conn.Flush()
		s.checkOutput()
		s.pauseForSync()
		if s.reply == replyFed {
			beginFeed(s)
		}
	}
}

// bindReply points the executor's writer at the out-ring, or at nothing for a client
// that asked for silence.
func (s *Session) bindReply() {
	ex := s.ex
	ex.W.Flush()
	if ex.W.TakeOver() {
		s.closeOverLimit(s.Conn.OutBytes())
	}
	if s.muted() {
		ex.W.Bind(&ex.Quiet, int(s.proto))
		if s.reply == replyFed {
			s.more.unsent = ex.Quiet.Len()
		}
		return
	}
	ex.W.Bind(s.Conn.Out(), int(s.proto))
	ex.W.Limit(s.outputRoom())
}

// outputRoom is how much may be written until the hard output limit is reached.
func (s *Session) outputRoom() int {
	lim := s.outputLimit().HardBytes
	if lim == 0 {
		return math.MaxInt
	}
	return int(max(lim-int64(s.Conn.OutBytes()), 0))
}

func (s *Session) protocolError(err error) {
	s.bindReply()
	s.ex.W.Error("ERR " + err.Error())
	s.ex.W.Flush()
	s.ex.clients.Log.Debug("protocol error", "client", s.Conn.RemoteAddr(), "error", err)
	s.closeAfterReply()
	s.Conn.Flush()
	s.Conn.CloseAfterFlush()
}

// closeAfterReply ends the connection after what is in the out-ring.
func (s *Session) closeAfterReply() { s.closing = true }

// checkInput enforces client-query-buffer-limit. As in Redis, what is queued since MULTI counts.
func (s *Session) checkInput() {
	if held := int64(s.Conn.In().Len()+s.parser.Buffered()) + s.argBytes(); held > s.ex.clients.Opts.QueryBufferLimit.Load() {
		s.ex.clients.Log.Warn("closing client that reached max query buffer length", "client", s.Conn.RemoteAddr(), "bytes", held)
		s.Conn.Close(errQueryLimit)
	}
}

// checkOutput ends the connection after its last reply, or when its output passed
// client-output-buffer-limit.
func (s *Session) checkOutput() {
	if s.closing {
		s.Conn.CloseAfterFlush()
	}
	pending := int64(s.Conn.OutBytes())
	if pending == 0 {
		s.softSince = 0
		return
	}
	if s.overOutputLimit(pending) {
		s.closeOverLimit(int(pending))
	}
}

// closeOverLimit ends the connection at once: its output has passed a limit, and may have
// been cut off there.
func (s *Session) closeOverLimit(pending int) {
	if s.closed || s.Conn.Closed() {
		return
	}
	s.closing = true // nothing more runs
	s.ex.clients.Log.Warn("closing client for overcoming of output buffer limits", "client", s.Conn.RemoteAddr(), "bytes", pending)
	s.ex.clients.Counts.OutputLimitCloses.Add(1)
	s.Conn.Close(errOutputLimit)
}

// closeCut ends the connection at once, because a reply that a worker made is not whole:
// nobody will read it (halted), or it has passed the output limit.
func (s *Session) closeCut(halted bool, pending int) {
	if !halted {
		s.closeOverLimit(pending)
		return
	}
	s.closing = true
	s.Conn.Close(errHalted)
}

var (
	errOutputLimit = errors.New("output buffer limit reached")
	errHalted      = errors.New("its command was told to end")
)

// overOutputLimit applies the hard limit, and the soft limit once it has been passed
// for longer than its seconds.
func (s *Session) overOutputLimit(pending int64) bool {
	lim := s.outputLimit()
	if lim.HardBytes > 0 && pending > lim.HardBytes {
		return true
	}
	if lim.SoftBytes == 0 || pending <= lim.SoftBytes {
		s.softSince = 0
		return false
	}
	now := s.Conn.Reactor().Now()
	if s.softSince == 0 {
		s.softSince = now
		if !s.swollen { // it may have been there before
			s.swollen = true
			s.ex.swollen = append(s.ex.swollen, s)
		}
	}
	return now-s.softSince > lim.SoftMs()
}

// outputLimit is the limit of the client's class.
func (s *Session) outputLimit() options.OutputLimit {
	class := options.ClassNormal
	if s.subCount > 0 {
		class = options.ClassPubSub
	}
	return s.ex.clients.Opts.OutputLimits.Load()[class]
}

// Drained implements netio.Session.
func (s *Session) Drained() { s.softSince = 0 }

// Closed implements netio.Session.
func (s *Session) Closed(err error) {
	s.closed = true
	endFeed(s)
	s.stopWaiting()
	s.ex.stopPostponing(s)
	s.ex.clients.Monitors.remove(s)
	if s.busy {
		s.ex.haltCall(s)
	} else {
		s.unwatch(s.ex.Env)
		s.ex.leaveChannels(s)
		s.caching.stop(true)
	}
	s.parser.Reset()
	if s.held != nil {
		s.held.Release()
		s.held = nil
	}
	s.Conn.Resume() // nobody uses its rings any more: a worker has copies
	s.ex.clients.gone(s, err)
}

// endNow closes the session's connection at once. A worker that has a call of its is told to
// end that. It runs on the session's reactor.
func (s *Session) endNow(err error) {
	s.ex.haltCall(s)
	s.stopWaiting()
	s.Conn.Close(err)
}

// waits tells whether the client is silent because it waits for something.
func (s *Session) waits() bool {
	return s.reply == replyFed || s.blocked != nil || s.postponed || s.monitoring || s.subCount > 0
}

func (s *Session) ext() *sessionExt {
	if s.more == nil {
		s.more = &sessionExt{}
	}
	return s.more
}

// Name is what CLIENT SETNAME has called it.
func (s *Session) Name() string {
	if s.more == nil {
		return ""
	}
	return s.more.name
}

// muted tells whether the replies to the running command are not wanted.
func (s *Session) muted() bool {
	return s.reply == replyOff || s.reply == replySkipThis || s.reply == replyFed
}

// loginDefault makes the session one of the default user, who has to authenticate if a
// password is set.
func (s *Session) loginDefault() {
	u := s.ex.clients.Users.Get(defaultUser)
	s.needAuth = !u.On || !u.NoPass
	s.setUser(u)
}

// setUser binds the session to a user's present rights; nobody asks about one who may
// do everything.
func (s *Session) setUser(u *acl.User) { s.user = users.Ranked(u) }

// User is the name of its user.
func (s *Session) User() string {
	if s.more == nil || s.more.user == "" {
		return defaultUser
	}
	return s.more.user
}
