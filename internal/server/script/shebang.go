package script

import "strings"

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

// readShebang reads the first line of a script, if that declares something, and returns the
// text to compile, in which the line is empty.
func (s *Script) readShebang() (body, errText string) {
	if !strings.HasPrefix(s.text, "#!") {
		s.flags = Undeclared
		return s.text, ""
	}
	line, _, ok := strings.Cut(s.text, "\n")
	if !ok {
		return "", "ERR Invalid script shebang"
	}
	for i, part := range strings.Fields(line) {
		flags, isFlags := strings.CutPrefix(part, "flags=")
		switch {
		case i == 0:
			if part != "#!lua" {
				return "", "ERR Unexpected engine in script shebang: " + part
			}
		case !isFlags:
			return "", "ERR Unknown lua shebang option: " + part
		default:
			for _, name := range strings.Split(flags, ",") {
				f, known := flagNamed(name)
				if !known && name != "" {
					return "", "ERR Unexpected flag in script shebang: " + name
				}
				s.flags |= f
			}
		}
	}
	return s.text[len(line):], ""
}
