package durable

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
)

// Disk is a server's data on its disk: the AOF and the snapshots.
type Disk struct {
	*exec.Env
	AOF     AOF
	Jobs    Jobs
	FS      persistence.FS                       // nil: the operating system's; not changed once Open has been called
	Loading atomic.Pointer[persistence.Progress] // how far the loading of a snapshot is, nil: none is loaded
	// Grace is how long the end waits for what runs before it is told to end, and then before it is left behind;
	// Patience how long the end by a signal waits for what writes. Neither is changed once the server runs.
	Grace, Patience time.Duration

	house   House
	clients *session.Clients
	keeper  *keeper.Keeper
	started time.Time
	fresh   bool
	saver   saver
}

// House is the server as its disk sees it.
type House interface {
	// Changes is how many changes there were, as Redis counts them.
	Changes() int64
	// Stop is closed when a client has asked for the server's end.
	Stop() <-chan struct{}
	// AboutHistory says of which history of replication a copy is; at its cut, with all gates and shard locks held.
	AboutHistory(a *rdb.About)
	// Mark is where in its history the data are that have been recorded up to a position, with the journal locked; ok is
	// false if nobody has followed it lately, or data have been changed that the history does not have.
	Mark(pos uint64) (m persistence.Mark, ok bool)
	// Follows tells whether the server is, or is to be, a replica.
	Follows() bool
	// ResumeHistory goes on with the one that files say that they are of, when they have been loaded.
	ResumeHistory(m persistence.Mark)
	// Replacing runs f, which replaces the data by what a file has: no stream of replication tells of that.
	Replacing(f func() error) error
	// OwnsProcess tells whether the server has its process to itself.
	OwnsProcess() bool
}

// Config is what a Disk is made of.
type Config struct {
	Env     *exec.Env // whose options are there
	House   House
	Clients *session.Clients
	Keeper  *keeper.Keeper
	Started time.Time
	Fresh   bool // a snapshot that lies in its directory is not meant for it
}

// New makes it, and follows the options from now on.
func New(c Config) *Disk {
	d := &Disk{Env: c.Env, house: c.House, clients: c.Clients, keeper: c.Keeper, started: c.Started, fresh: c.Fresh}
	d.Grace, d.Patience = endGrace, endPatience
	d.AOF.disk = d
	d.AOF.watch()
	d.watchSaves()
	return d
}

// Host is what handlers get of AOF and snapshots.
func (d *Disk) Host() command.PersistenceHost { return diskHost{d} }

// Asked tells whether a client asked for the server's end.
func (d *Disk) Asked() bool {
	select {
	case <-d.house.Stop():
		return true
	default:
		return false
	}
}

// Prepare is called before anything is served: if there is something to load, clients are told
// LOADING until Open is done.
func (d *Disk) Prepare() {
	if !d.fresh {
		replication.RemoveLeft(d.FileSystem(), d.Opts.Path("."), d.started, d.Log)
	}
	d.AOF.prepare()
}

// Open loads the data, and begins to record.
func (d *Disk) Open(ctx context.Context) error { return d.AOF.open(ctx) }

// Close writes and syncs everything; nothing is executed any more, or what still is is left behind.
func (d *Disk) Close(left bool) error { return d.AOF.close(left) }
