package session

import (
	"strconv"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// This file is the session as the handlers see it: command.Client.

var _ command.Client = (*Session)(nil)

// ID implements command.Client; safe from any goroutine.
func (s *Session) ID() int64 { return s.id }

// Select implements command.Client.
func (s *Session) Select(db int) {
	s.db = int32(db)
}

// Proto implements command.Client.
func (s *Session) Proto() int { return int(s.proto) }

// SetProto implements command.Client.
func (s *Session) SetProto(p int) {
	s.proto = int8(p)
	s.ex.W.SetProto(p)
}

// Authenticated implements command.Client.
func (s *Session) Authenticated() bool { return !s.needAuth }

// Name implements command.Client.
func (s *Session) Name() string {
	if s.more == nil {
		return ""
	}
	return s.more.name
}

// SetName implements command.Client.
func (s *Session) SetName(name string) { s.ext().name = name }

// SetLib implements command.Client.
func (s *Session) SetLib(attr, value string) {
	if attr == "lib-name" {
		s.ext().libName = value
		return
	}
	s.ext().libVer = value
}

func (s *Session) ext() *sessionExt {
	if s.more == nil {
		s.more = &sessionExt{}
	}
	return s.more
}

// SetReply implements command.Client.
func (s *Session) SetReply(mode command.ReplyMode) {
	if s.reply == replyFed {
		return
	}
	switch mode {
	case command.ReplyOn:
		s.reply = replyOn
	case command.ReplyOff:
		s.reply = replyOff
	case command.ReplySkip:
		if s.reply != replyOff {
			s.reply = replySkipNext
		}
	}
	s.bindReply()
}

// Pushing implements command.Client.
func (s *Session) Pushing(on bool) {
	switch {
	case !s.muted():
	case on:
		s.ex.W.Flush()
		s.ex.W.Bind(s.Conn.Out(), int(s.proto))
		s.ex.W.Limit(s.outputRoom())
	default:
		s.bindReply()
	}
}

// muted tells whether the replies to the running command are not wanted.
func (s *Session) muted() bool {
	return s.reply == replyOff || s.reply == replySkipThis || s.reply == replyFed
}

// SetNoEvict implements command.Client.
func (s *Session) SetNoEvict(on bool) { s.noEvict = on }

// SetNoTouch implements command.Client.
func (s *Session) SetNoTouch(on bool) { s.noTouch = on }

// Reset implements command.Client.
func (s *Session) Reset() {
	s.endMulti()
	s.unsubscribeAll()
	s.stopMonitoring()
	s.untrack(false)
	s.Select(0)
	s.SetProto(2)
	s.SetReply(command.ReplyOn)
	s.noTouch, s.noEvict = false, false
	s.ex.Ctx.NoTouch = false
	if s.more != nil {
		s.more.name, s.more.user = "", ""
	}
	s.loginDefault()
	s.ex.Caller.User = s.user
}

// CloseAfterReply implements command.Client.
func (s *Session) CloseAfterReply() { s.closeAfterReply() }

// AppendInfo implements command.Client: a handler asks about its own client.
func (s *Session) AppendInfo(dst []byte) []byte {
	ex := s.ex
	s.lastSpec, s.inCall = ex.Ctx.Spec, true
	if exec, tx := ex.Units.RunningExec(); exec != nil { // the transaction is shown, as in Redis, although its end has begun
		s.tx, s.lastSpec = tx, exec
		defer func() { s.tx = nil }()
	}
	dst = s.appendInfo(dst)
	s.inCall = false
	return dst
}

// appendInfo appends the line of CLIENT INFO and CLIENT LIST.
func (s *Session) appendInfo(dst []byte) []byte {
	return s.appendInfoAt(dst, s.Conn.Reactor().Now())
}

// appendInfoAt is appendInfo for a worker, which brings its own clock.
func (s *Session) appendInfoAt(dst []byte, now int64) []byte {
	var id sessionExt
	if s.more != nil {
		id = *s.more
	}
	in, out := s.Conn.In().Len()+s.parser.Buffered(), s.Conn.OutBytes()
	if s.reply == replyFed {
		out = int(id.replica.Lag()) // of the stream, which all replicas share
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
	str(" flags=", s.flagLetters())
	num(" db=", int64(s.db))
	num(" sub=", int64(id.subs.Len(command.SubChannel)))
	num(" psub=", int64(id.subs.Len(command.SubPattern)))
	num(" ssub=", int64(id.subs.Len(command.SubShard)))
	queued := -1
	if s.tx != nil {
		queued = s.tx.Len()
	}
	num(" multi=", int64(queued))
	num(" watch=", int64(s.watching.Len()))
	num(" qbuf=", int64(in))
	num(" qbuf-free=", int64(s.Conn.InRoom()))
	num(" argv-mem=", s.argvBytes())
	num(" multi-mem=", s.multiBytes())
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
	str(" user=", s.User())
	num(" redir=", s.redirection())
	num(" resp=", int64(s.proto))
	str(" lib-name=", id.libName)
	str(" lib-ver=", id.libVer)
	return dst
}

// argvBytes is what the arguments of the session's running call take, or of the one that
// waits.
func (s *Session) argvBytes() (n int64) {
	var args resp.Args
	switch c := &s.ex.Ctx; {
	case s.blocked != nil:
		args = s.blocked.Args
	case s.inCall:
		args = c.Args
	}
	for _, a := range args {
		n += int64(len(a))
	}
	return n
}

// multiBytes is how long the arguments of the queued calls are: they count as input.
func (s *Session) multiBytes() int64 {
	if s.tx == nil {
		return 0
	}
	return s.tx.ArgBytes()
}

// flagLetters returns the flags of CLIENT LIST.
func (s *Session) flagLetters() string {
	f := ""
	if s.reply == replyFed {
		f += "S"
	}
	if s.monitoring {
		f += "O"
	}
	if s.subCount > 0 {
		f += "P"
	}
	if s.tx != nil {
		f += "x"
	}
	if s.blocked != nil || s.postponed {
		f += "b"
	}
	f += s.trackLetters()
	if s.watching.Broken() {
		f += "d"
	}
	if s.closing {
		f += "c"
	}
	if s.Conn.IsUnix() {
		f += "U"
	}
	if s.noEvict {
		f += "e"
	}
	if s.noTouch {
		f += "T"
	}
	if f == "" {
		return "N"
	}
	return f
}
