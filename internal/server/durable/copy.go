package durable

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// Cut begins a snapshot of the store and calls at, both at one moment at which nothing is under
// way: at is given the journal's position of that moment, with the journal locked. What the
// snapshot shows was recorded before that position, what it does not show is recorded behind it.
// All gates are taken, because between the change and the record of an exclusive command there
// is no other lock; and, by the store, all shard locks, because of what the keeper and evictions
// delete. The caller holds no lock.
func (d *Disk) Cut(sink store.SnapshotSink, at func(pos uint64)) (*store.Snapshot, error) {
	d.Gates.LockAll()
	defer d.Gates.UnlockAll()
	if d.Abandoned.Load() { // by a script, half of which is done
		return nil, errNoJobs
	}
	return d.Store.BeginSnapshotAt(sink, func() { d.Journal.Log.At(at) })
}

// ImageFormat is how images are written now; old: for somebody who may read none but the oldest version. It takes
// no lock of the store's order: the caller holds all shard locks, so that what it says holds for the cut.
func (d *Disk) ImageFormat(old bool) rdb.Format {
	f := rdb.Format{
		Version: d.Opts.RDBVersion.Int(), Compress: d.Opts.RDBCompression.Load(), Checksum: d.Opts.RDBChecksum.Load(),
		Limits: d.Limits.Load().Images(),
	}
	if old {
		f.Version = rdb.OldestVersion
	}
	if d.Store.HoldsDuesLocked() && f.Version < rdb.DeadlineVersion {
		f.Version = rdb.DeadlineVersion
	}
	return f
}

// imageClocks translates access clocks as the policy of eviction needs them; nil if it goes by
// neither use nor age.
func (d *Disk) imageClocks() (clocks image.Clocks, tells bool) {
	policy := d.Opts.MaxMemoryPolicy.Load()
	clocks.Now, clocks.UnitMs = keeper.AccessClock(policy, d.Wall(d.NowMs()))
	if keeper.IsLFU(policy) {
		lfu := keeper.LFUParameters(d.Opts)
		clocks.Freq = lfu.Decayed
	}
	return clocks, keeper.IsLFU(policy) || policy == options.PolicyAllKeysLRU || policy == options.PolicyVolatileLRU
}

// ImageCopy makes a copy of the store, in images, and the stream that frames it: it takes the
// cut. old is as for ImageFormat. at is called at the cut, with the journal's position.
func (d *Disk) ImageCopy(aofBase, old bool, at func(pos uint64)) (*snapshot.Copy, *snapshot.Stream, error) {
	head := snapshot.Head{About: rdb.About{
		RedisVersion: command.Version, Created: time.Now().Unix(), UsedMemory: d.Store.Used(), AOFBase: aofBase,
	}}
	for db := range d.Store.Databases() {
		if n := d.Store.Len(db); n > 0 {
			head.Sizes = append(head.Sizes, snapshot.Size{DB: db, Keys: uint64(n), Deadlines: uint64(d.Store.Expires(db))})
		}
	}
	var form func() snapshot.Form
	c := snapshot.NewCopy(d.Store, func() snapshot.Form { return form() })
	err := c.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) {
		return d.Cut(sink, func(pos uint64) {
			head.Format = d.ImageFormat(old)
			for _, l := range d.Scripts.Engine.Libraries() {
				head.Functions = append(head.Functions, []byte(l.Text))
			}
			clocks, tells := d.imageClocks()
			form = snapshot.Images(head.Format, nil)
			if tells {
				form = snapshot.Images(head.Format, &clocks)
			}
			at(pos)
			d.house.AboutHistory(&head.About)
		})
	})
	if err != nil {
		return nil, nil, err
	}
	if asked := d.Opts.RDBVersion.Int(); head.Format.Version > asked {
		d.Log.Warn("fields of hashes have deadlines: the snapshot is of a version that Redis before 7.4, and Valkey, cannot read",
			"version", head.Format.Version, "rdb-version", asked)
	}
	return c, snapshot.NewStream(c, head), nil
}

// dumpFile is where snapshots go.
func (d *Disk) dumpFile() *snapshot.File {
	return &snapshot.File{
		FS: d.FileSystem(), Dir: d.Opts.Path("."), Name: d.Opts.DBFilename.Load(),
		Temp: replication.TempSave(), SyncAlong: d.Opts.RDBIncrementalFsync.Load(),
	}
}
