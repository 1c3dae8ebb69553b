package script

import (
	"container/list"
	"crypto/sha1"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/resp"
)

// Engine is all that a server has of scripts.
type Engine struct {
	functions *machine // nil until it is needed
	random    *lua.Random
	Options

	mu struct {
		sync.Mutex
		cache
		registry
		runners []*Runner
	}

	vmBytes atomic.Int64 // of the machine of functions, after its last run
}

// Options are what an engine is told by the server.
type Options struct {
	Version     string       // what redis.REDIS_VERSION says
	MemoryLimit func() int64 // bytes that a script may have at a time
	// KeyOf tells what keys the command of a name uses when it is called with so many arguments, its
	// name included.
	KeyOf func(name string, args int) KeyUse
	// Log writes a line to the server's log: its level is one of redis.log's, in their order.
	Log func(level int, text string)
}

// KeyUse says what keys a call of a command uses.
type KeyUse struct {
	Keyed bool // it needs the lock of one key, or none, and others do not see what it does otherwise
	Key   int  // the place of that key among the arguments, 0: there is none
	Short bool // it takes so little time that calls are timed together
}

// cache is the scripts that clients have brought.
type cache struct {
	scripts map[[sha1.Size]byte]*Script
	texts   map[string]*Script
	lately  list.List // those that only EVAL has brought, the one used last behind
	bytes   int64
	evicted int64
}

// New returns an engine without scripts.
func New(o Options) *Engine {
	e := &Engine{Options: o, random: lua.NewRandom()}
	e.mu.empty()
	e.mu.registry.clear()
	return e
}

// Host makes the calls of a run, and sees to its time.
type Host interface {
	// Call makes a call and returns its reply in RESP, valid until the next call; or, if the call
	// may not be made, the text of an error; or stop, which ends the run. mode says how.
	Call(args resp.Args, mode Mode) (reply []byte, refusal string, stop error)
	// Leaves tells that the run has ended only to begin again elsewhere: nothing is replied.
	Leaves() bool
	// MayCall tells whether the client's user may make a call; known is false if there is no
	// such command.
	MayCall(args resp.Args) (may, known bool)
	// Tick is called at least every millisecond. An error ends the run.
	Tick() error
	// Log writes a line of the script's to the server's log; stop ends the run.
	Log(level int, text string) (stop error)
	// CountError counts an error that the script is told of.
	CountError(text string)
}

// loadHost is the host while a library is loaded, which has of all that a script may ask for the log alone.
type loadHost struct{ log func(level int, text string) }

// Call implements Host.
func (h loadHost) Call(resp.Args, Mode) (reply []byte, refusal string, stop error) {
	return nil, "ERR a library makes no calls while it is loaded", nil
}

// Leaves implements Host.
func (h loadHost) Leaves() bool { return false }

// MayCall implements Host.
func (h loadHost) MayCall(resp.Args) (may, known bool) { return false, false }

// Tick implements Host; the machine looks at the time that a library has.
func (h loadHost) Tick() error { return nil }

// Log implements Host.
func (h loadHost) Log(level int, text string) (stop error) {
	h.log(level, text)
	return nil
}

// CountError implements Host; what the load replies is counted.
func (h loadHost) CountError(string) {}

// Mode is how a script makes calls.
type Mode struct {
	Proto      int  // of the replies, 2 or 3
	ReadOnly   bool // no writes
	AllowOOM   bool // also above maxmemory
	CrossSlot  bool // to keys of more hash slots than one
	Unrecorded bool // what they change does not go into the journal
}

// Run is what a script or function is run with.
type Run struct {
	Host       Host
	Keys, Args resp.Args
	W          *resp.Writer // where the reply goes
	ReadOnly   bool         // by EVAL_RO or FCALL_RO
	Full       bool         // the server holds more than it may, and can evict nothing
	Stale      string       // why the data must not be shown, as they may be old, "": they may
	Barred     string       // why nothing may be written, "": it may
	Cluster    bool         // the server is a node of a cluster
}
