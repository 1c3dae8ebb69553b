package command

import (
	"sync/atomic"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

// Call is one call of a command. It has this shape and these names wherever it goes: in a
// batch, a transaction, the slow lane, a blocked client, a handler's Ctx.
type Call struct {
	Spec *Spec
	Args resp.Args   // Args[0] is the name
	Keys []store.Key // in the order of the spec's key specs, hashed
}

// Ctx is what a handler works with. Each executor owns one and reuses it for every
// command; a handler keeps nothing of it.
type Ctx struct {
	Call                     // the shards of its Keys are locked
	W           *resp.Writer // where the reply goes
	Store       *store.Store
	DB          int    // selected database
	Now         int64  // milliseconds since 1970, one reading per batch
	NowIsFixed  bool   // by a clock that stands still; else time goes on within the batch
	Clock       uint32 // access clock of new entries, 24 bits
	ClockUnitMs int64  // its unit, unless LFU is set; 0: 1000
	LFU         *LFU   // how accesses are counted under an LFU policy; nil: by time
	Client      Client // the connection
	Host        *Host  // the server
	Lane        Lane   // who runs the call
	Limits      *Limits

	Hits, Misses int64 // keyspace lookups of reading commands, summed by the executor
	FieldsGone   int64 // fields of hashes that expired
	Dirty        int64 // changes since the executor last collected them
	NoTouch      bool  // CLIENT NO-TOUCH is on: reads leave the access clock alone

	AllChanges bool // Lane.Changed is told of all changes, not only of those in shards whose keys somebody observes
	AllMisses  bool // Lane.Missed is told of reads of keys that are not there

	// Obey says that the call comes from an AOF: it repeats what was done, so checks that
	// are for clients, and bounds of its work, do not apply.
	Obey bool
	Wall int64 // of a call that comes from an AOF: the time of day, while Now stands still

	Effects Effects // what the journal gets instead of the call itself
	Quick   bool    // set by a handler that may take long, and has not: see Spec.Grouped
	CanWait bool    // the client may be blocked: not within MULTI, not while loading
	Waiting Wait    // set by Ctx.Wait: the handler asks that its client be blocked
	Resumed bool    // the handler runs again for a blocked client, because a key changed

	// Halt, when set and true, tells a call that takes long to end early, see Halted. Nil for
	// calls that nobody ends: on reactors, within transactions, while loading.
	Halt *atomic.Bool

	images images // of DUMP and RESTORE

	Scratch []byte // grown and kept by handlers that need contiguous working memory
}

// Halted tells whether the call is to end now, whatever it has replied so far: its client has
// gone or the server ends, and nothing of the reply will be sent; or, for calls that change
// nothing, the reply has exceeded the client's output limit. Loops that visit or reply very
// many elements look at it every HaltEvery of them. A call that has begun to change anything
// does not: it runs to its end.
func (c *Ctx) Halted() bool {
	return c.Halt != nil && c.Halt.Load() || c.W.Over() && c.Spec.Flags&Write == 0
}

// endsAt is Halted for a loop at its element i: it looks once in HaltEvery elements, and not
// at the first ones, so that short loops do not pay for it.
func (c *Ctx) endsAt(i int) bool { return i%HaltEvery == HaltEvery-1 && c.Halted() }

// Lane is who runs a call: the executor of a reactor or of a worker, alone or within a
// transaction, or the loader. Its methods do in each of these what is right there.
type Lane interface {
	// Changed is told of changes, while the shard locks are held.
	Changed(db int, k store.Key, ev Event)
	// Missed is told of reads of keys that are not there.
	Missed(db int, k store.Key)
	// Replaced is told, by a command that holds all gates and no shard lock, that the whole
	// contents of a database (of every one: -1) were removed or exchanged. first says that the
	// client, if it caches keys, is told before it gets the reply.
	Replaced(db int, first bool)

	// UnderLock runs f under the lock of k's shard, as a call of its own on k: for calls without keys
	// that change one key after the other. Such a call says NoEffect.
	UnderLock(k store.Key, f func())
	// Yield lets go of the executor's gate for a moment, where that may be. The caller holds no
	// shard lock.
	Yield()
	// Unlocked runs f without the executor's gate, where that may be: f must not touch the store.
	Unlocked(f func())
}

// Limits are the sizes that handlers check and the thresholds of the encodings, made
// from the options and never changed.
type Limits struct {
	MaxBulkBytes int64 // proto-max-bulk-len: the longest string value

	HashEntries, HashValueBytes              int // hash-max-listpack-entries, -value
	SetIntEntries, SetEntries, SetValueBytes int // set-max-intset-entries, set-max-listpack-entries, -value
	ZSetEntries, ZSetValueBytes              int // zset-max-listpack-entries, -value
	ListSize                                 int // list-max-listpack-size: elements, or -1 to -5 for 4 to 64 KB
	HLLSparseBytes                           int // hll-sparse-max-bytes
	StreamNodeBytes, StreamNodeEntries       int // stream-node-max-bytes, -entries; 0: no bound

	DumpVersion  int  // rdb-version: of what DUMP returns
	DumpCompress bool // rdbcompression
}

// DefaultLimits are the limits of the options' defaults.
func DefaultLimits() Limits {
	return Limits{
		MaxBulkBytes: resp.DefaultMaxBulkBytes,
		HashEntries:  512, HashValueBytes: 64,
		SetIntEntries: 512, SetEntries: 128, SetValueBytes: 64,
		ZSetEntries: 128, ZSetValueBytes: 64,
		ListSize: -2, HLLSparseBytes: 3000, StreamNodeBytes: 4096, StreamNodeEntries: 100,
		DumpVersion: rdb.DefaultVersion, DumpCompress: true,
	}
}

// wallMs is the time of day, from which times to live count: Now, but while the AOF is loaded,
// when Now is 0 so that nothing expires.
func (c *Ctx) wallMs() int64 {
	if c.Obey {
		return c.Wall
	}
	return c.Now
}

// Read finds a key for a reading command: it counts hit or miss and refreshes the
// access clock. The zero Entry means missing or expired.
func (c *Ctx) Read(k store.Key) entry.Entry {
	e := c.Store.Find(c.DB, k, c.Now)
	if e.A == 0 {
		c.miss(k)
		return e
	}
	c.Hits++
	c.markAccess(e)
	return e
}

func (c *Ctx) miss(k store.Key) {
	c.Misses++
	if c.AllMisses {
		c.Lane.Missed(c.DB, k)
	}
}

// Find finds a key for a writing command, without counting it as hit or miss.
func (c *Ctx) Find(k store.Key) entry.Entry {
	e := c.Store.Find(c.DB, k, c.Now)
	if e.A != 0 {
		c.markAccess(e)
	}
	return e
}

func (c *Ctx) markAccess(e entry.Entry) {
	switch {
	case c.NoTouch:
	case c.LFU != nil: // an access counts, even if the clock says the same
		e.SetClock(c.LFU.Access(e.Clock(), c.Clock))
	case e.Clock() != c.Clock:
		e.SetClock(c.Clock)
	}
}

// IsType tells whether e is missing or of type t; otherwise it replies WRONGTYPE.
func (c *Ctx) IsType(e entry.Entry, t entry.Type) bool {
	if e.A == 0 || e.Type() == t {
		return true
	}
	c.W.Error(ErrWrongType)
	return false
}

// estimated returns the entry of the call's key i for a Spec.Cost: ok is false if there is
// none of type t. It counts nothing and does not look at the deadline.
func (c *Ctx) estimated(i int, t entry.Type) (e entry.Entry, ok bool) {
	if i >= len(c.Keys) {
		return e, false
	}
	e = c.Store.FindRaw(c.DB, c.Keys[i])
	return e, e.A != 0 && e.Type() == t
}

// Int parses argument i as a 64-bit integer; otherwise it replies ErrNotInteger.
func (c *Ctx) Int(i int) (int64, bool) {
	n, ok := resp.ParseInt(c.Args[i])
	if !ok {
		c.W.Error(ErrNotInteger)
	}
	return n, ok
}

// Changed reports that a handler changed key k: ev names what happened as keyspace
// notifications do, n is by how much the dirty counter grows (0 when only metadata
// that Redis does not count changed).
func (c *Ctx) Changed(k store.Key, ev Event, n int) {
	c.Dirty += int64(n)
	if c.AllChanges || c.Store.Observed(k.Shard) {
		c.Lane.Changed(c.DB, k, ev)
	}
}

// Replaced reports that the whole contents of database db (of every one: -1) were removed
// or exchanged; for first see Lane. Outside of EXEC it writes what first means.
func (c *Ctx) Replaced(db int, first bool) {
	c.Lane.Replaced(db, first)
}
