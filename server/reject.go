package server

import (
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// reject answers a call that cannot run; it returns false when the call may run.
// The order of the checks is Redis's: existence, subcommand, arity, authentication.
func (s *session) reject(cl *call, args resp.Args) bool {
	w := &s.ex.w
	switch {
	case cl.spec == nil:
		w.Error(unknownCommand(args))
	case cl.bad == callUnknownSub:
		w.Error("ERR unknown subcommand '" + preview(args[1]) + "'. Try " + strings.ToUpper(cl.spec.Name) + " HELP.")
	case cl.bad == callArity:
		w.Error("ERR wrong number of arguments for '" + cl.spec.FullName + "' command")
	case s.needAuth && cl.spec.Flags&command.NoAuth == 0:
		w.Error(command.ErrNoAuth)
	default:
		return false
	}
	s.ex.stats.errors++
	return true
}

func unknownCommand(args resp.Args) string {
	var b strings.Builder
	b.WriteString("ERR unknown command '")
	b.WriteString(preview(args[0]))
	b.WriteString("', with args beginning with: ")
	shown := 0
	for _, a := range args[1:] {
		if shown >= unknownPreviewBytes {
			break
		}
		p := string(a[:min(len(a), unknownPreviewBytes-shown)])
		b.WriteString("'" + p + "' ")
		shown += len(p) + len("'' ")
	}
	return b.String()
}

// preview cuts an argument to what an error text shows of it.
func preview(a []byte) string { return string(a[:min(len(a), unknownPreviewBytes)]) }
