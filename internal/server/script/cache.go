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
	sum   [sha1.Size]byte
	text  string
	flags Flags
	proto *lua.Proto
	quick bool          // it has nothing that could run for long
	short bool          // see Short
	long  atomic.Bool   // and yet it did
	tied  atomic.Bool   // a run could not have been undone
	reach atomic.Int32  // a Reach
	gone  atomic.Bool   // it is not cached any more
	stays atomic.Bool   // and will be until all are forgotten; else only EVAL has brought it
	at    uint8         // its place among the scripts that a Runner knows
	place *list.Element // of one that does not stay: in the list of those. Guarded by Engine.mu
}

// Reach is what is known of the keys that a script uses.
type Reach int32

const (
	Unknown  Reach = iota
	Declared       // its text tells that it uses only those that it declares
	Beyond         // it has used others, or what is no matter of keys
)

// Reach tells what is known of the keys that the script uses.
func (s *Script) Reach() Reach { return Reach(s.reach.Load()) }

// Reached says that the script has used more than the keys that it declares.
func (s *Script) Reached() { s.reach.Store(int32(Beyond)) }

// scriptBytes is what a cached script takes besides its text and what was compiled of it.
const scriptBytes = 400

// sourceOfScripts is how error messages name the text of a script.
const sourceOfScripts = "@user_script"

// Sum returns the SHA-1 of a text, as clients name scripts.
func Sum(text []byte) string {
	sum := sha1.Sum(text)
	return hex.EncodeToString(sum[:])
}

// readSum reads 40 digits in either case.
func readSum(sha []byte) (sum [sha1.Size]byte, ok bool) {
	if len(sha) != 2*len(sum) {
		return sum, false
	}
	for i := range sum {
		hi, lo := digits[sha[2*i]], digits[sha[2*i+1]]
		if hi|lo > 15 {
			return sum, false
		}
		sum[i] = hi<<4 | lo
	}
	return sum, true
}

// digits are the values of hexadecimal digits, 255 for what is none.
var digits = func() (d [256]byte) {
	for i := range d {
		d[i] = 255
	}
	for i := range byte(10) {
		d['0'+i] = i
	}
	for i := range byte(6) {
		d['a'+i], d['A'+i] = 10+i, 10+i
	}
	return d
}()

// find returns the script with a SHA-1, nil if it is not cached.
func (e *Engine) find(sum *[sha1.Size]byte) *Script {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.mu.scripts[*sum]
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
			s.stays.Store(true)
		}
		e.mu.used(s)
		return s, ""
	}
	s := &Script{text: string(text), sum: sha1.Sum(text)}
	s.SHA = hex.EncodeToString(s.sum[:])
	s.at = uint8(place([]byte(s.SHA)))
	var body, errText string
	if s.flags, body, errText = readShebang(s.text); errText != "" {
		return nil, errText
	}
	var err error
	if s.proto, err = lua.Compile(body, sourceOfScripts); err != nil {
		return nil, "ERR Error compiling script (new function): " + err.Error()
	}
	s.quick = s.proto.Straight(func(name string) bool { return lengthy[name] })
	if s.quick {
		e.look(s)
	}
	s.stays.Store(keep)
	if !keep {
		if e.mu.lately.Len() >= evalScripts {
			e.mu.forget(e.mu.lately.Front().Value.(*Script))
			e.mu.evicted++
		}
		s.place = e.mu.lately.PushBack(s)
	}
	e.mu.scripts[s.sum], e.mu.texts[s.text] = s, s
	e.mu.bytes += s.size()
	return s, ""
}

// lengthy are the names of functions that may run for long whatever they are given, and of those by
// which others can be had under other names.
var lengthy = map[string]bool{
	"rep": true, "find": true, "match": true, "gmatch": true, "gsub": true, "sort": true, "load": true, "loadstring": true,
	"coroutine": true, "setmetatable": true, "getmetatable": true, "_G": true, "rawget": true, "next": true, "pairs": true, "ipairs": true,
}

// sight is how calls of commands look in the text of a script.
var sight = lua.Sight{
	Library: "redis", Functions: []string{"call", "pcall"}, List: "KEYS",
	Harmless: map[string]bool{
		"ARGV": true, "tonumber": true, "tostring": true, "type": true, "unpack": true, "select": true, "error": true, "assert": true,
		"math": true, "string": true, "table": true, "cjson": true, "cmsgpack": true, "struct": true, "bit": true,
	},
}

// look finds out whether all commands of a script use one key, of those that it declares, or none.
func (e *Engine) look(s *Script) {
	calls, ok := s.proto.Calls(&sight)
	short := len(calls) <= shortCalls
	for _, c := range calls {
		if len(c) == 0 || !c[0].IsText {
			return
		}
		use := e.KeyOf(c[0].Text, len(c))
		if !use.Keyed || use.Key > 0 && c[use.Key].Element == 0 {
			return
		}
		short = short && use.Short
	}
	if ok {
		s.short = short
		s.reach.Store(int32(Declared))
	}
}

// shortCalls is how many calls a script makes at most that is timed with others.
const shortCalls = 16

// Short tells whether all calls of a script of which it is known that its keys are those it declares
// are short.
func (s *Script) Short() bool { return s.short }

// Quick tells whether the script may run where nobody should wait: it has no loops, and has not
// taken long so far.
func (s *Script) Quick() bool { return s.quick && !s.long.Load() }

// Long tells whether the script has taken long.
func (s *Script) Long() bool { return s.long.Load() }

// Tied says that a run could not have been undone: it was about to change something large, for one.
func (s *Script) Tied() { s.tied.Store(true) }

// IsTied tells whether a run could not have been undone.
func (s *Script) IsTied() bool { return s.tied.Load() }

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
		s.place = nil
	}
	s.gone.Store(true)
	delete(c.scripts, s.sum)
	delete(c.texts, s.text)
	c.bytes -= s.size()
}

func (c *cache) empty() {
	for _, s := range c.scripts {
		s.place = nil
		s.gone.Store(true)
	}
	c.scripts, c.texts, c.bytes = map[[sha1.Size]byte]*Script{}, map[string]*Script{}, 0
	c.lately.Init()
}

// Has tells whether a script is cached.
func (e *Engine) Has(sha []byte) bool {
	sum, ok := readSum(sha)
	return ok && e.find(&sum) != nil
}

// Flush forgets all cached scripts, and what their runners still keep. The caller holds all gates.
func (e *Engine) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.empty()
	for _, r := range e.mu.runners {
		r.clear()
	}
}

// Stats returns what INFO says of scripts and functions.
func (e *Engine) Stats() command.ScriptStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	st := command.ScriptStats{
		Scripts: int64(len(e.mu.scripts)), ScriptBytes: e.mu.bytes, Evicted: e.mu.evicted,
		Functions: int64(len(e.mu.functions)), Libraries: int64(len(e.mu.libraries)), LibraryBytes: e.mu.libraryBytes(),
		FunctionVMBytes: e.vmBytes.Load(),
	}
	for _, r := range e.mu.runners {
		st.EvalVMBytes += r.bytes.Load()
	}
	return st
}
