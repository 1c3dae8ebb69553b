package server

import (
	"errors"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// reject answers a call that cannot run; it returns false when the call may run.
// The order of the checks is Redis's: existence, subcommand, arity, authentication,
// rights, the server's state.
func (s *session) reject(cl *call, args resp.Args) bool {
	switch {
	case cl.spec == nil && (command.EqualFold(args[0], "post") || command.EqualFold(args[0], "host:")):
		// A browser was made to talk to us: nothing of what it sent may be answered.
		s.ex.srv.log.Warn("possible security attack: a web browser or similar sent POST or Host: to the server; connection closed",
			"client", s.conn.RemoteAddr())
		s.conn.Close(errCrossProtocol)
		s.closing = true
	case cl.spec == nil:
		s.refuse(nil, unknownCommand(args))
	case cl.bad == callUnknownSub:
		s.refuse(cl.spec, "ERR unknown subcommand '"+preview(args[1])+"'. Try "+strings.ToUpper(cl.spec.Name)+" HELP.")
	case cl.bad == callArity:
		s.refuse(cl.spec, "ERR wrong number of arguments for '"+cl.spec.FullName+"' command")
	case s.needAuth && cl.spec.Flags&command.NoAuth == 0:
		s.refuse(cl.spec, command.ErrNoAuth)
	case s.user != nil && !s.allowed(cl.spec, args):
	case s.ex.srv.guard.Load() != 0 && s.guarded(cl.spec):
	case s.subCount > 0 && s.proto == resp.RESP2 && cl.spec.Flags&command.WhileSubscribed == 0:
		s.refuse(cl.spec, "ERR Can't execute '"+cl.spec.FullName+"': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	case s.tx != nil && cl.spec.Flags&command.NoMulti != 0:
		s.refuse(cl.spec, errInMulti)
	default:
		return false
	}
	if cl.spec != nil && cl.bad != callUnknownSub {
		s.ex.cmds.Reject(cl.spec.ID)
	}
	return true
}

var errCrossProtocol = errors.New("HTTP instead of RESP")

// unknownCommand is the error text for a command that does not exist. Like Redis,
// which prints with C's %s, it shows arguments up to their first NUL.
func unknownCommand(args resp.Args) string {
	var b strings.Builder
	b.WriteString("ERR unknown command '")
	b.WriteString(preview(args[0]))
	b.WriteString("', with args beginning with: ")
	for shown, i := 0, 1; i < len(args) && shown < unknownPreviewBytes; i++ {
		p := command.CText(args[i], unknownPreviewBytes-shown)
		b.WriteString("'" + p + "' ")
		shown += len(p) + len("'' ")
	}
	return b.String()
}

// preview cuts an argument to what an error text shows of it.
func preview(a []byte) string { return command.CText(a, unknownPreviewBytes) }
