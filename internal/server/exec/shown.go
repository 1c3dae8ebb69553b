package exec

import (
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
)

// This file writes the lines of MONITOR.

// hiddenFromMonitor are the flags of calls that MONITOR does not show.
const hiddenFromMonitor = command.Admin | command.SkipMonitor

// noteCall writes the line of a call that has run.
func (ex *Executor) noteCall(c *command.Ctx, spec *command.Spec, hidden command.Flag) {
	peer := PeerOf(c.Client)
	if peer == nil || hidden != 0 {
		return
	}
	now := time.Now()
	b := append(ex.monitorLines, '+')
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
	ex.monitorLines = append(b, "\r\n"...)
	if len(ex.monitorLines) >= monitorPostBytes {
		ex.postMonitorLines()
	}
}

// postMonitorLines sends what noteCall has written.
func (ex *Executor) postMonitorLines() {
	if lines := ex.monitorLines; len(lines) > 0 {
		ex.monitorLines = nil // it belongs to the letters now
		ex.Env.House.ShowCalls(lines)
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
