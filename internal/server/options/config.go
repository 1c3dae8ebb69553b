package options

import (
	"strings"

	"github.com/kringdb/kring/internal/glob"
)

// ReplyError is an error reply: the whole text, prefix included.
type ReplyError string

func (e ReplyError) Error() string { return string(e) }

// Pair is a name and a value of CONFIG GET.
type Pair struct{ Name, Value string }

// Get is CONFIG GET: the options whose names match one of the patterns, each once. A
// name without special bytes is answered in the case it was asked in.
func (o *Options) Get(patterns [][]byte) []Pair {
	var pairs []Pair
	seen := map[string]bool{}
	for _, pattern := range patterns {
		if !glob.HasMeta(pattern) || string(pattern) == `\` {
			e, ok := lookup(string(pattern))
			if ok && !seen[e.name] && rows[e.row].Flags&FileOnly == 0 {
				seen[e.name] = true
				pairs = append(pairs, Pair{string(pattern), o.text(e.row)})
			}
			continue
		}
		p := glob.New(pattern, true)
		for _, e := range entries {
			if rows[e.row].Flags&(FileOnly|Hidden) != 0 || seen[e.name] || !p.Match([]byte(e.name)) {
				continue
			}
			seen[e.name] = true
			pairs = append(pairs, Pair{e.name, o.text(e.row)})
		}
	}
	return pairs
}

// change is one pair of a CONFIG SET.
type change struct {
	entry
	arg      string // the value as given
	old, new any
}

// Set is CONFIG SET from a client elsewhere; see SetFrom.
func (o *Options) Set(pairs [][]byte) error { return o.SetFrom(pairs, false) }

// SetFrom is CONFIG SET: pairs are name, value, name, value. Either all are set and
// applied, or the error is a ReplyError in Redis's words and nothing has changed. local
// says that the client came over loopback or a unix socket, which protected options may
// ask for.
func (o *Options) SetFrom(pairs [][]byte, local bool) error {
	if len(pairs)%2 != 0 {
		return ReplyError("ERR syntax error")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	changes, err := o.resolve(pairs, local)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		r := &rows[c.row]
		words := []string{c.arg}
		if r.Kind.words() {
			words = splitWords(c.arg)
		}
		c.old = o.cells[c.row].load()
		if c.new, err = r.Kind.parse(words, c.old, context{}); err != nil {
			return setFailed(c.name, err.Error())
		}
	}
	for _, c := range changes {
		o.cells[c.row].store(c.new)
	}
	return o.applyLocked(changes)
}

// resolve finds the options of the pairs and refuses what may not be set.
func (o *Options) resolve(pairs [][]byte, local bool) ([]change, error) {
	changes := make([]change, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name := string(pairs[i])
		e, ok := lookup(name)
		if !ok || rows[e.row].Flags&FileOnly != 0 {
			return nil, ReplyError("ERR Unknown option or number of arguments for CONFIG SET - '" + clean(name) + "'")
		}
		switch f := rows[e.row].Flags; {
		case f&Immutable != 0:
			return nil, setFailed(name, "can't set immutable config")
		case f&Protected != 0 && !Allows(o.EnableProtected.Load(), local):
			return nil, setFailed(name, "can't set protected config")
		}
		for _, c := range changes {
			if c.name == e.name {
				return nil, setFailed(name, "duplicate parameter")
			}
		}
		changes = append(changes, change{entry: e, arg: string(pairs[i+1])})
	}
	return changes, nil
}

// Allows tells whether an Allow... value lets a client use what it protects.
func Allows(value int64, local bool) bool {
	return value == AllowYes || value == AllowLocal && local
}

// applyLocked runs the hooks of what changed; when one fails it undoes everything.
func (o *Options) applyLocked(changes []change) error {
	var done []func() error
	for i, c := range changes {
		k, now := rows[c.row].Kind, o.cells[c.row].load()
		if k.text(c.old) == k.text(now) && rows[c.row].Flags&Volatile == 0 || setBefore(changes[:i], c.row) {
			continue
		}
		for _, apply := range o.mu.hooks[c.row] {
			err := apply()
			if err == nil {
				done = append(done, apply)
				continue
			}
			for _, c := range changes {
				o.cells[c.row].store(c.old)
			}
			for _, again := range done {
				// The old values worked before; there is no one to tell if they do not now.
				_ = again()
			}
			return setFailed(c.name, err.Error())
		}
	}
	for _, c := range changes {
		o.mu.seen[c.row] = true
	}
	return nil
}

// setBefore tells whether an earlier pair set the same option by its other name.
func setBefore(earlier []change, row int) bool {
	for _, c := range earlier {
		if c.row == row {
			return true
		}
	}
	return false
}

func setFailed(name, reason string) error {
	return ReplyError("ERR CONFIG SET failed (possibly related to argument '" + clean(name) + "') - " + clean(reason))
}

// clean shows a client's bytes, up to the first NUL as C does, so that they do not break the reply's line.
func clean(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
}
