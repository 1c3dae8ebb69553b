package script

import (
	"strings"

	"github.com/kringdb/kring/internal/server/options"
)

// Flags say what a script or a function may do, as its first line or its registration declares it.
type Flags uint8

const (
	NoWrites Flags = 1 << iota
	AllowOOM
	AllowStale
	NoCluster
	CrossSlot
	Undeclared // there is no declaration: a script of the old way
)

// flagNames has the names of the flags, in the order of their bits.
var flagNames = [...]string{"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"}

func flagNamed(name string) (Flags, bool) {
	for i, n := range flagNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// Names lists the flags.
func (f Flags) Names() []string {
	names := []string{}
	for i, n := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// readShebang reads the first line of a script, if that declares something, and returns what it declares
// and the text to compile, in which the line is empty.
func readShebang(text string) (declared Flags, body, errText string) {
	if !strings.HasPrefix(text, "#!") {
		return Undeclared, text, ""
	}
	line, _, ok := strings.Cut(text, "\n")
	if !ok || strings.IndexByte(line, 0) >= 0 { // it is a string of C's there
		return Undeclared, "", "ERR Invalid script shebang"
	}
	parts, err := options.SplitLine(line)
	if err != nil {
		return Undeclared, "", "ERR Invalid engine in script shebang"
	}
	for i, part := range parts {
		flags, isFlags := strings.CutPrefix(part, "flags=")
		switch {
		case i == 0:
			if part != "#!lua" {
				return Undeclared, "", "ERR Unexpected engine in script shebang: " + part
			}
		case !isFlags:
			return Undeclared, "", "ERR Unknown lua shebang option: " + part
		case flags != "":
			for _, name := range strings.Split(flags, ",") {
				f, known := flagNamed(name)
				if !known {
					return Undeclared, "", "ERR Unexpected flag in script shebang: " + name
				}
				declared |= f
			}
		}
	}
	return declared, text[len(line):], ""
}

// FlagsOfText is what the script with a text declares, whether it is cached or not; Undeclared: nothing, or
// it cannot be run.
func (e *Engine) FlagsOfText(text []byte) Flags {
	if s := e.FindText(text); s != nil {
		return s.flags
	}
	if len(text) < 2 || text[0] != '#' {
		return Undeclared
	}
	declared, _, _ := readShebang(string(text))
	return declared
}

// FlagsOfSHA is what the cached script with a SHA-1 declares; Undeclared: nothing, or there is none.
func (e *Engine) FlagsOfSHA(sha []byte) Flags {
	sum, ok := readSum(sha)
	if !ok {
		return Undeclared
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.mu.scripts[sum]; s != nil {
		return s.flags
	}
	return Undeclared
}

// FlagsOfFunction is what a function declares; Undeclared: there is none of this name.
func (e *Engine) FlagsOfFunction(name []byte) Flags {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := e.mu.functions[strings.ToLower(string(name))]; f != nil {
		return f.flags
	}
	return Undeclared
}
