package exec

import (
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
)

// shown is the lines of MONITOR for the calls of an executor.
type shown struct {
	env   *Env
	On    bool   // somebody monitors: calls are noted
	lines []byte // of calls since the last post
}

// hiddenFromMonitor are the flags of calls that MONITOR does not show.
const hiddenFromMonitor = command.Admin | command.SkipMonitor

// note writes the line of a call that has run.
func (sh *shown) note(c *command.Ctx, spec *command.Spec, hidden command.Flag) {
	peer := PeerOf(c.Client)
	if peer == nil || hidden != 0 {
		return
	}
	now := time.Now()
	b := append(sh.lines, '+')
	b = strconv.AppendInt(b, now.Unix(), 10)
	b = append(b, '.')
	micros := strconv.Itoa(1_000_000 + now.Nanosecond()/1000)
	b = append(b, micros[1:]...)
	b = append(b, " ["...)
	b = strconv.AppendInt(b, int64(c.DB), 10)
	b = append(b, ' ')
	if _, scripted := c.Client.(*scriptClient); scripted {
		b = append(b, "lua"...)
	} else {
		addr, unix := peer.Addr()
		if unix {
			b = append(b, "unix:"...)
			addr = strings.TrimSuffix(addr, ":0")
		}
		b = append(b, addr...)
	}
	b = append(b, ']')
	for _, a := range spec.Shown(c.Args, options.IsSensitive) {
		b = append(b, ' ')
		b = appendQuoted(b, a)
	}
	sh.lines = append(b, "\r\n"...)
	if len(sh.lines) >= monitorPostBytes {
		sh.post()
	}
}

// post sends what note has written.
func (sh *shown) post() {
	if lines := sh.lines; len(lines) > 0 {
		sh.lines = nil // it belongs to the letters now
		sh.env.House.ShowCalls(lines)
	}
}

// appendQuoted appends a in double quotes, with what is not printable escaped.
func appendQuoted(dst, a []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range a {
		switch i := strings.IndexByte("\n\r\t\a\b\\\"", c); {
		case i >= 0:
			dst = append(dst, '\\', "nrtab\\\""[i])
		case c >= ' ' && c <= '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}
