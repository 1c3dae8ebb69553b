package script

import (
	"container/list"
	"crypto/sha1"
	"encoding/hex"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/lua"
)

// Script is a script that clients run by its text or its SHA-1.
type Script struct {
	SHA   string // 40 digits, lower case
	text  string
	flags Flags
	proto *lua.Proto
	quick bool        // it has nothing that could run for long
	long  atomic.Bool // and yet it did
	f     lua.Value   // in the machine in, nil before the first run
	in    *machine
	place *list.Element // in the list of those that only EVAL has brought, nil: it stays
}

// scriptBytes is what a cached script takes besides its text and what was compiled of it.
const scriptBytes = 400

// sourceOfScripts is how error messages name the text of a script.
const sourceOfScripts = "@user_script"

// Sum returns the SHA-1 of a text, as clients name scripts.
func Sum(text []byte) string {
	sum := sha1.Sum(text)
	return hex.EncodeToString(sum[:])
}

// Find returns the script with a SHA-1, nil if it is not cached.
func (e *Engine) Find(sha []byte) *Script {
	var name [2 * sha1.Size]byte
	if len(sha) != len(name) {
		return nil
	}
	for i, c := range sha {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		name[i] = c
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.mu.scripts[string(name[:])]
	e.mu.used(s)
	return s
}

// FindText returns the cached script with a text, nil if there is none.
func (e *Engine) FindText(text []byte) *Script {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.texts[string(text)]
}

// Load returns the script with a text and compiles it if it is not cached. keep says that it
// stays until the cache is flushed; else it makes room for others that only EVAL has brought.
func (e *Engine) Load(text []byte, keep bool) (*Script, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.mu.texts[string(text)]; s != nil {
		if keep && s.place != nil {
			e.mu.lately.Remove(s.place)
			s.place = nil
		}
		e.mu.used(s)
		return s, ""
	}
	s := &Script{text: string(text), SHA: Sum(text)}
	body, errText := s.readShebang()
	if errText != "" {
		return nil, errText
	}
	var err error
	if s.proto, err = lua.Compile(body, sourceOfScripts); err != nil {
		return nil, "ERR Error compiling script (new function): " + err.Error()
	}
	s.quick = s.proto.Straight(func(name string) bool { return lengthy[name] })
	if !keep {
		if e.mu.lately.Len() >= evalScripts {
			e.mu.forget(e.mu.lately.Front().Value.(*Script))
			e.mu.evicted++
		}
		s.place = e.mu.lately.PushBack(s)
	}
	e.mu.scripts[s.SHA], e.mu.texts[s.text] = s, s
	e.mu.bytes += s.size()
	return s, ""
}

// lengthy are the names of functions that may run for long whatever they are given, and of those by
// which others can be had under other names.
var lengthy = map[string]bool{
	"rep": true, "find": true, "match": true, "gmatch": true, "gsub": true, "sort": true, "load": true, "loadstring": true,
	"coroutine": true, "setmetatable": true, "getmetatable": true, "_G": true, "rawget": true, "next": true, "pairs": true, "ipairs": true,
}

// Quick tells whether the script may run where nobody should wait: it has no loops, and has not
// taken long so far.
func (s *Script) Quick() bool { return s.quick && !s.long.Load() }

// Tire says that the script took long, so it is Quick no more.
func (s *Script) Tire() { s.long.Store(true) }

func (s *Script) size() int64 { return int64(scriptBytes + len(s.text) + s.proto.Size()) }

// used notes that a script, or nil, is asked for.
func (c *cache) used(s *Script) {
	if s != nil && s.place != nil {
		c.lately.MoveToBack(s.place)
	}
}

func (c *cache) forget(s *Script) {
	if s.place != nil {
		c.lately.Remove(s.place)
	}
	delete(c.scripts, s.SHA)
	delete(c.texts, s.text)
	c.bytes -= s.size()
}

func (c *cache) empty() {
	c.scripts, c.texts, c.bytes = map[string]*Script{}, map[string]*Script{}, 0
	c.lately.Init()
}

// Has tells whether a script is cached.
func (e *Engine) Has(sha []byte) bool { return e.Find(sha) != nil }

// Flush forgets all cached scripts, and what their machine still keeps. The caller holds all gates.
func (e *Engine) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.empty()
	e.eval = nil
}

// Stats returns what INFO says of scripts and functions.
func (e *Engine) Stats() command.ScriptStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return command.ScriptStats{
		Scripts: int64(len(e.mu.scripts)), ScriptBytes: e.mu.bytes, Evicted: e.mu.evicted,
		Functions: int64(len(e.mu.functions)), Libraries: int64(len(e.mu.libraries)), LibraryBytes: e.mu.libraryBytes(),
		EvalVMBytes: e.vmBytes[0].Load(), FunctionVMBytes: e.vmBytes[1].Load(),
	}
}
