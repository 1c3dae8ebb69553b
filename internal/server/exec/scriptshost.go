package exec

import (
	"slices"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/resp"
)

// This file is package script as handlers see it; executors run the scripts (scripts.go).

// RecordLibraries makes the commands that load all libraries.
func (x *Scripting) RecordLibraries() (b []byte) {
	for _, l := range x.Engine.Libraries() {
		b = resp.AppendHeader(b, '*', 3)
		b = resp.AppendBulkString(b, "FUNCTION")
		b = resp.AppendBulkString(b, "LOAD")
		b = resp.AppendBulkString(b, l.Text)
	}
	return b
}

// scriptsHost implements command.ScriptsHost.
type scriptsHost struct {
	scripts *Scripting
	*script.Engine
}

// NewScriptsHost makes what handlers get of scripts.
func NewScriptsHost(s *Scripting) command.ScriptsHost { return &scriptsHost{s, s.Engine} }

// Eval implements command.ScriptsHost.
func (h *scriptsHost) Eval(c *command.Ctx, keys int) {
	ex := scriptHost{Of(c)}
	m, s := ex.runner(), ex.scr.found
	switch {
	case ex.scr.sought && s != nil:
	case c.Spec.Flags&command.BySHA != 0:
		if !ex.scr.sought {
			s = m.Find(c.Args[1])
		}
		if s == nil {
			c.W.Error(command.ErrNoScript)
			return
		}
	default:
		var errText string
		if s, errText = m.Load(c.Args[1]); errText != "" {
			c.W.Error(errText)
			return
		}
	}
	ex.enterScript(c)
	ex.showScript(c, s.SHA, false)
	m.Eval(s, ex.newRun(keys))
	ex.hideScript()
	ex.leaveScript(c)
}

// Call implements command.ScriptsHost.
func (h *scriptsHost) Call(c *command.Ctx, keys int) {
	ex := scriptHost{Of(c)}
	ex.runner()
	name := c.Args[1]
	ex.enterScript(c)
	ex.showScript(c, string(name), true)
	h.Engine.Call(name, ex.newRun(keys))
	ex.hideScript()
	ex.leaveScript(c)
}

// Load implements command.ScriptsHost.
func (h *scriptsHost) Load(text []byte) (sha, errText string) {
	s, errText := h.Engine.Load(text, true)
	if errText != "" {
		return "", errText
	}
	return s.SHA, ""
}

// Kill implements command.ScriptsHost.
func (h *scriptsHost) Kill(function bool) (errText string) {
	runs := h.scripts.seen()
	if len(runs) == 0 {
		return "NOTBUSY No scripts in execution right now."
	}
	killed := false
	for _, run := range runs {
		switch {
		case run.function != function:
			errText = admit.BusyText(run.function)
		case !run.fate.CompareAndSwap(unharmed, isKilled) && run.fate.Load() == hasWritten:
			errText = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
		default:
			killed = true
		}
	}
	if killed { // all that can be
		return ""
	}
	return errText
}

// Running implements command.ScriptsHost.
func (h *scriptsHost) Running() (f command.RunningScript, ok bool) {
	run := h.scripts.running.Load()
	if run == nil || !run.function {
		return f, false
	}
	return command.RunningScript{Name: run.name, Command: slices.Clone(run.command), Millis: time.Since(run.began).Milliseconds()}, true
}
