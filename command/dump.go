package command

import (
	"errors"

	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store/entry"
)

var dumpSpecs = []*Spec{
	{
		Name: "dump", Arity: 2, Flags: ReadOnly, Group: GroupGeneric, Handler: dump, Cost: dumpCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "2.6.0", Complexity: "O(N) where N is the number of elements of the value", Summary: "Returns a key's value in the format of Redis's snapshots.",
		Syntax: "key", Tips: []string{"nondeterministic_output"},
	},
	restoreSpec("restore", 0, GroupGeneric, "2.6.0", "Creates a key from what DUMP has returned."),
	restoreSpec("restore-asking", Asking|KeyspaceCat, GroupServer, "3.0.0", "Is RESTORE, and comes after an ASK redirection."),
}

func restoreSpec(name string, more Flag, group Group, since, summary string) *Spec {
	return &Spec{
		Name: name, Arity: -4, Flags: Write | DenyOOM | Dangerous | more, Group: group, Handler: restore, Cost: restoreCost, Keys: []KeySpec{KeyAt(1, KeyOW|KeyUpdate)},
		Since: since, Complexity: "O(N) where N is the number of elements of the value", Summary: summary,
		Syntax: "key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:integer] [FREQ frequency:integer]",
	}
}

const (
	errDumpPayload = "ERR DUMP payload version or checksum are wrong"
	errBadData     = "ERR Bad data format"
)

// images are what an executor keeps for DUMP and RESTORE, made when it first needs them, and
// again when the limits change.
type images struct {
	lim *Limits
	out image.Exporter
	enc *rdb.Encoder
	in  *image.Importer
}

// Images are the limits as package rdb has them.
func (l *Limits) Images() rdb.Limits {
	return rdb.Limits{
		HashEntries: l.HashEntries, HashValue: l.HashValueBytes,
		SetInts: l.SetIntEntries, SetEntries: l.SetEntries, SetValue: l.SetValueBytes,
		ZSetEntries: l.ZSetEntries, ZSetValue: l.ZSetValueBytes,
		ListSize: l.ListSize, StreamNodeBytes: l.StreamNodeBytes, StreamNodeEntries: l.StreamNodeEntries,
	}
}

// imagesOf returns the executor's.
func imagesOf(c *Ctx) *images { return c.images.of(c) }

// of returns m, ready for use.
func (m *images) of(c *Ctx) *images {
	if m.lim != c.Limits {
		m.lim = c.Limits
		lim := c.Limits.Images()
		m.enc = rdb.NewEncoder(rdb.Format{Version: c.Limits.DumpVersion, Compress: c.Limits.DumpCompress, Limits: lim})
		m.in = image.NewImporter(c.Store, lim, c.Limits.MaxBulkBytes)
	}
	return m
}

// payload returns e's value as DUMP does; it is valid until the next call.
func (m *images) payload(e entry.Entry) ([]byte, error) {
	m.enc.BeginDump()
	meta := rdb.Meta{Idle: -1, Freq: -1}
	m.out.Value(m.enc, &meta, e)
	return m.enc.EndDump()
}

// length is how many bytes payload has of the value alone.
func (m *images) length(e entry.Entry) (int64, error) {
	meta := rdb.Meta{Idle: -1, Freq: -1}
	return m.enc.Measure(func() { m.out.Value(m.enc, &meta, e) })
}

// tidy lets go of memory that only a large value needs.
func (m *images) tidy(bytes int) {
	if bytes > keptImageBytes {
		*m = images{}
	}
}

func dumpCost(c *Ctx) int64 {
	e := c.Store.FindRaw(c.DB, c.Keys[0])
	if e.A == 0 {
		return 0
	}
	return c.Store.MemoryUsage(e) / dumpedPerCost
}

func dump(c *Ctx) {
	e := c.Read(c.Keys[0])
	if e.A == 0 {
		c.W.Null()
		return
	}
	m := imagesOf(c)
	p, err := m.payload(e)
	if err != nil {
		c.W.Error("ERR " + err.Error())
		return
	}
	c.W.Bulk(p)
	m.tidy(len(p))
}

// restoring is a call of RESTORE, parsed.
type restoring struct {
	ttl             int64
	replace, absTTL bool
	idle, freq      int64 // -1: not said
}

func (r *restoring) parse(c *Ctx) (ok bool) {
	r.idle, r.freq = -1, -1
	for i := 4; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch a := c.Args[i]; {
		case equalFold(a, "replace"):
			r.replace = true
		case equalFold(a, "absttl"):
			r.absTTL = true
		case equalFold(a, "idletime") && more && r.freq == -1:
			i++
			if r.idle, ok = c.Int(i); !ok {
				return false
			}
			if r.idle < 0 {
				c.W.Error("ERR Invalid IDLETIME value, must be >= 0")
				return false
			}
		case equalFold(a, "freq") && more && r.idle == -1:
			i++
			if r.freq, ok = c.Int(i); !ok {
				return false
			}
			if r.freq < 0 || r.freq > 255 {
				c.W.Error("ERR Invalid FREQ value, must be >= 0 and <= 255")
				return false
			}
		default:
			c.W.Error(ErrSyntax)
			return false
		}
	}
	return true
}

// deadline parses the time to live, and makes it a moment.
func (r *restoring) deadline(c *Ctx) (ok bool) {
	if r.ttl, ok = c.Int(2); !ok {
		return false
	}
	if r.ttl < 0 {
		c.W.Error("ERR Invalid TTL value, must be >= 0")
		return false
	}
	if r.ttl > 0 && !r.absTTL {
		if r.ttl += c.Now; r.ttl < 0 {
			r.ttl = 1 // a sum that overflows is long past, in Redis too
		}
	}
	return true
}

// restoreCost knows nothing of the elements: a payload is about as many as it is long.
func restoreCost(c *Ctx) int64 {
	if len(c.Args) < 4 {
		return 0
	}
	return int64(len(c.Args[3])) / dumpedPerCost
}

func restore(c *Ctx) {
	var r restoring
	if !r.parse(c) {
		return
	}
	k := c.Keys[0]
	there := c.Find(k).A != 0
	if there && !r.replace {
		c.W.Error(ErrBusyKey)
		return
	}
	if !r.deadline(c) {
		return
	}
	v, err := rdb.ParseDump(c.Args[3])
	if err != nil {
		refusePayload(c, err)
		return
	}
	m, clocks := imagesOf(c), clocksOf(c)
	m.in.Begin(k, r.ttl, clocks.Of(r.idle, int(r.freq)))
	if err := m.in.Part(&v, true, true); err != nil {
		c.W.Error(errBadData)
		return
	}
	if r.ttl != 0 && r.ttl <= c.Now && !c.Obey {
		m.in.Drop()
		if there {
			c.Store.Delete(c.DB, k)
			c.Changed(k, EventDel, 1)
			c.Effect("DEL", k.Name)
		}
		c.W.OK()
		return
	}
	m.in.Adopt(c.DB)
	c.Changed(k, EventRestore, 1)
	r.record(c, m)
	c.W.OK()
	m.tidy(len(c.Args[3]))
}

// refusePayload replies what Redis does: a payload is no payload, or its value is damaged.
func refusePayload(c *Ctx, err error) {
	if errors.Is(err, rdb.ErrDump) {
		c.W.Error(errDumpPayload)
		return
	}
	c.W.Error(errBadData)
}

// record records the call with its deadline as a moment; and with a payload of our own
// where the one that came may be of a server newer than those that are to read the record.
func (r *restoring) record(c *Ctx, m *images) {
	if !c.Effects.On {
		return
	}
	payload := []byte(c.Args[3])
	if rdb.DumpVersion(payload) > c.Limits.DumpVersion {
		own, err := m.payload(c.Store.FindRaw(c.DB, c.Keys[0]))
		if err == nil {
			payload = own
		}
	}
	n := 4
	if r.replace {
		n++
	}
	if r.ttl != 0 {
		n++
	}
	if r.idle >= 0 || r.freq >= 0 {
		n += 2
	}
	c.BeginEffect(n, "RESTORE")
	c.EffectArg(c.Keys[0].Name)
	c.EffectInt(r.ttl)
	c.EffectArg(payload)
	if r.replace {
		c.EffectArg([]byte("REPLACE"))
	}
	if r.ttl != 0 {
		c.EffectArg([]byte("ABSTTL"))
	}
	switch {
	case r.idle >= 0:
		c.EffectArg([]byte("IDLETIME"))
		c.EffectInt(r.idle)
	case r.freq >= 0:
		c.EffectArg([]byte("FREQ"))
		c.EffectInt(r.freq)
	}
}
