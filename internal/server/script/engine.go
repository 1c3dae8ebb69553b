package script

import (
	"container/list"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/resp"
)

// Engine is all that a server has of scripts.
type Engine struct {
	eval      *machine // nil until it is needed
	functions *machine
	version   string // what redis.REDIS_VERSION says

	mu struct {
		sync.Mutex
		cache
		registry
	}

	vmBytes [2]atomic.Int64 // of the machines, after their last run
}

// cache is the scripts that clients have brought.
type cache struct {
	scripts, texts map[string]*Script // by SHA-1 and by text
	lately         list.List          // those that only EVAL has brought, the one used last behind
	bytes          int64
	evicted        int64
}

// New returns an engine without scripts. version is the version of Redis that scripts are told.
func New(version string) *Engine {
	e := &Engine{version: version}
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
	// Log writes a line of the script's to the server's log.
	Log(level int, text string)
	// CountError counts an error that the script is told of.
	CountError(text string)
}

// Mode is how a script makes calls.
type Mode struct {
	Proto      int  // of the replies, 2 or 3
	ReadOnly   bool // no writes
	AllowOOM   bool // also above maxmemory
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
}
