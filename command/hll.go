package command

import (
	"encoding/binary"
	"math"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hll"
)

var hllSpecs = []*Spec{
	{
		Name: "pfadd", Arity: -2, Flags: Write | DenyOOM | Fast, Group: GroupHyperLogLog, Handler: pfadd, Keys: []KeySpec{KeyAt(1, KeyRW|KeyInsert)},
		Since: "2.8.9", Complexity: "O(1) for each element.", Summary: "Adds elements to a HyperLogLog.", Syntax: "key [element...]",
	},
	{
		Name: "pfcount", Arity: -2, Flags: ReadOnly | MayReplicate | InAOF, Group: GroupHyperLogLog, Handler: pfcount, Cost: hllCost,
		Keys: []KeySpec{{
			Flags: KeyRW | KeyAccess, Index: 1, Last: -1, Step: 1,
			Notes: "RW because it may change the internal representation of the key, and propagate to replicas",
		}},
		Since: "2.8.9", Complexity: "O(1) for one key whose last count still holds, else O(N) where N is the number of keys, with a large constant.",
		Summary: "Estimates how many different elements were added to one or several HyperLogLogs together.", Syntax: "key...",
	},
	{
		Name: "pfmerge", Arity: -2, Flags: Write | DenyOOM, Group: GroupHyperLogLog, Handler: pfmerge, Cost: hllCost,
		Keys:  []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyInsert), KeyRange(2, -1, 1, KeyRO|KeyAccess)},
		Since: "2.8.9", Complexity: "O(N) where N is the number of keys, with a large constant.",
		Summary: "Merges HyperLogLogs into one.", Syntax: "destkey sourcekey:key...",
	},
	{
		Name: "pfdebug", Arity: 3, Flags: Write | DenyOOM | Admin, Group: GroupHyperLogLog, Handler: pfdebug, Keys: []KeySpec{KeyAt(2, KeyRW|KeyAccess)},
		Since: "2.8.9", Complexity: "N/A", Summary: "Shows or changes the representation of a HyperLogLog.", Syntax: "subcommand key",
	},
	{
		Name: "pfselftest", Arity: 1, Flags: Admin | Slow, Group: GroupHyperLogLog, Handler: pfselftest,
		Since: "2.8.9", Complexity: "N/A", Summary: "Tests the HyperLogLog's arithmetic.",
	},
}

const (
	errNotHLL     = "WRONGTYPE Key is not a valid HyperLogLog string value."
	errHLLCorrupt = "INVALIDOBJ Corrupted HLL object detected"
	// hllCostPerKey is the work of merging one key's registers, in elements of a
	// collection.
	hllCostPerKey = 512
)

func hllCost(c *Ctx) int64 { return int64(len(c.Keys)-1) * hllCostPerKey }

// hllBytes returns the value of e, which is there: a view, or a copy in Scratch. It
// replies the error for what is no HyperLogLog.
func hllBytes(c *Ctx, e entry.Entry) (b []byte, ok bool) {
	if !c.IsType(e, entry.String) {
		return nil, false
	}
	if b = c.Store.StringBytes(e, c.Scratch); !hll.Valid(b) {
		c.W.Error(errNotHLL)
		return nil, false
	}
	return b, true
}

func pfadd(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	changed := 0
	if e.A == 0 {
		c.Scratch = hll.AppendEmpty(c.Scratch[:0])
		changed = 1
	} else {
		b, ok := hllBytes(c, e)
		if !ok {
			return
		}
		if !hll.IsSparse(b) {
			pfaddDense(c, k, b)
			return
		}
		toRaw(c, k, e)
		c.Scratch = append(c.Scratch[:0], b...)
	}
	b := c.Scratch
	for _, elem := range c.Args[2:] {
		nb, ch, err := hll.Add(b, elem, c.Limits.HLLSparseBytes)
		if err != nil {
			c.W.Error(errHLLCorrupt)
			return
		}
		if b = nb; ch {
			changed++
		}
	}
	c.Scratch = b[:0]
	if changed > 0 {
		hll.MarkStale(b)
		storeHLL(c, k, e, b)
	}
	pfaddDone(c, k, changed)
}

// pfaddDense is PFADD to the dense value b, a view, in place.
func pfaddDense(c *Ctx, k store.Key, b []byte) {
	c.Store.Edit(c.DB, k)
	changed := 0
	for _, elem := range c.Args[2:] {
		if hll.AddDense(b, elem) {
			changed++
		}
	}
	if changed > 0 {
		hll.MarkStale(b)
	}
	pfaddDone(c, k, changed)
}

func pfaddDone(c *Ctx, k store.Key, changed int) {
	if changed == 0 {
		c.W.Int(0)
		return
	}
	c.Changed(k, EventPFAdd, changed)
	c.W.Int(1)
}

// storeHLL stores b, which is no view of it, as the value of k, whose entry is e or none.
func storeHLL(c *Ctx, k store.Key, e entry.Entry, b []byte) {
	c.Store.SetStringRaw(c.DB, k, b, store.KeepTTL)
}

// toRaw lets the string e show as raw, as any that Redis may change in place.
func toRaw(c *Ctx, k store.Key, e entry.Entry) {
	if e.Encoding() == entry.Embstr {
		c.Store.Edit(c.DB, k)
		e.SetEncoding(entry.Raw)
	}
}

func pfcount(c *Ctx) {
	if len(c.Keys) > 1 {
		pfcountUnion(c)
		return
	}
	k := c.Keys[0]
	e := c.Read(k)
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	b, ok := hllBytes(c, e)
	if !ok {
		return
	}
	toRaw(c, k, e)
	n, cached := hll.Cached(b)
	if !cached {
		var err error
		if n, err = hll.Count(b); err != nil {
			c.W.Error(errHLLCorrupt)
			return
		}
		// The estimate is part of the value: a change, although nobody is told of it.
		c.Store.Edit(c.DB, k)
		hll.SetCached(b, n)
		c.Dirty++
	}
	c.W.Int(int64(n))
}

// pfcountUnion counts several keys together.
func pfcountUnion(c *Ctx) {
	var regs hll.Registers
	if _, ok := hllUnion(c, &regs); ok {
		c.W.Int(int64(hll.CountRegisters(&regs)))
	}
}

// hllUnion merges all keys of the call into regs and tells whether one of them is dense.
// If ok is false, the error is replied.
func hllUnion(c *Ctx, regs *hll.Registers) (dense, ok bool) {
	for _, k := range c.Keys {
		e := c.Read(k)
		if e.A == 0 {
			continue
		}
		b, ok := hllBytes(c, e)
		if !ok {
			return false, false
		}
		dense = dense || !hll.IsSparse(b)
		if hll.Merge(regs, b) != nil {
			c.W.Error(errHLLCorrupt)
			return false, false
		}
	}
	return dense, true
}

func pfmerge(c *Ctx) {
	var regs hll.Registers
	toDense, ok := hllUnion(c, &regs)
	if !ok {
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if e.A == 0 {
		c.Scratch = hll.AppendEmpty(c.Scratch[:0])
	} else {
		c.Scratch = append(c.Scratch[:0], c.Store.StringBytes(e, c.Scratch)...)
	}
	b, err := c.Scratch, error(nil)
	if toDense && hll.IsSparse(b) {
		b, err = hll.ToDense(b)
	}
	if err == nil {
		b, err = hll.Raise(b, &regs, c.Limits.HLLSparseBytes)
	}
	if err != nil {
		c.W.Error(errHLLCorrupt)
		return
	}
	hll.MarkStale(b)
	storeHLL(c, k, e, b)
	c.Changed(k, EventPFMerge, 1)
	c.W.OK()
}

func pfdebug(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if e.A == 0 {
		c.W.Error("ERR The specified key does not exist")
		return
	}
	b, ok := hllBytes(c, e)
	if !ok {
		return
	}
	switch sub := c.Args[1]; {
	case equalFold(sub, "getreg"):
		pfGetReg(c, k, e, b)
	case equalFold(sub, "decode"):
		if !hll.IsSparse(b) {
			c.W.Error("ERR HLL encoding is not sparse")
			return
		}
		c.W.Bulk(hll.AppendRuns(nil, b))
	case equalFold(sub, "encoding"):
		if hll.IsSparse(b) {
			c.W.Simple("sparse")
		} else {
			c.W.Simple("dense")
		}
	case equalFold(sub, "todense"):
		if !hll.IsSparse(b) {
			c.W.Int(0)
		} else if toDense(c, k, e, b) {
			c.W.Int(1)
		}
	default:
		c.W.Error("ERR Unknown PFDEBUG subcommand '" + CText(sub, len(sub)) + "'")
	}
}

// toDense makes the sparse value b of k dense; it replies the error itself.
func toDense(c *Ctx, k store.Key, e entry.Entry, b []byte) bool {
	nb, err := hll.ToDense(b)
	if err != nil {
		c.W.Error(errHLLCorrupt)
		return false
	}
	storeHLL(c, k, e, nb)
	c.Dirty++
	return true
}

// pfGetReg replies all registers, and makes the value dense as Redis does.
func pfGetReg(c *Ctx, k store.Key, e entry.Entry, b []byte) {
	var regs hll.Registers
	if hll.Merge(&regs, b) != nil {
		c.W.Error(errHLLCorrupt)
		return
	}
	if hll.IsSparse(b) && !toDense(c, k, e, b) {
		return
	}
	c.W.Array(len(regs))
	for _, v := range regs {
		c.W.Int(int64(v))
	}
}

// pfselftest adds many elements to a sparse value, that becomes dense on the way, and to
// a dense one: they must agree, and estimate well at every power of two.
func pfselftest(c *Ctx) {
	const elements, maxErrors = 1 << 18, 5 // of the standard error 1.04/sqrt(16384)
	limit := c.Limits.HLLSparseBytes
	b := hll.AppendEmpty(nil)
	ref, err := hll.ToDense(b)
	var elem [8]byte
	for i := uint64(1); i <= elements && err == nil; i++ {
		binary.LittleEndian.PutUint64(elem[:], i*0x9e3779b97f4a7c15)
		hll.AddDense(ref, elem[:])
		if b, _, err = hll.Add(b, elem[:], limit); err != nil {
			break
		}
		if i&(i-1) != 0 {
			continue
		}
		x, errX := hll.Count(b)
		y, errY := hll.Count(ref)
		off := math.Abs(float64(x) - float64(i))
		if errX != nil || errY != nil || x != y || off > math.Max(1, maxErrors*1.04/128*float64(i)) {
			c.W.Error("ERR TESTFAILED the estimate of a known number of elements is wrong")
			return
		}
	}
	if err != nil {
		c.W.Error("ERR TESTFAILED a value became corrupt")
		return
	}
	c.W.OK()
}
