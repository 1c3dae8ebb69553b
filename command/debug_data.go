package command

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	sets "github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/stream"
	"github.com/kringdb/kring/store/zset"
)

// This file has the subcommands of DEBUG that tests of programs use: digests of the data,
// data made up, and a reply of every kind.

// digest is what DEBUG DIGEST tells: equal for equal data, however it is encoded and in
// whatever order keys, members and fields stand in tables. It is not Redis's number.
type digest [sha1.Size]byte

// mix adds what has no order: in any order, twice the same is nothing.
func (d *digest) mix(parts ...[]byte) {
	x := digestOf(parts...)
	for i := range d {
		d[i] ^= x[i]
	}
}

// follow adds what comes next in an order.
func (d *digest) follow(parts ...[]byte) {
	x := digestOf(parts...)
	*d = digestOf(d[:], x[:])
}

// digestOf is the digest of byte strings in a row, with their lengths.
func digestOf(parts ...[]byte) (d digest) {
	h := sha1.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	h.Sum(d[:0])
	return d
}

func (d *digest) reply(c *Ctx) { c.W.Simple(hex.EncodeToString(d[:])) }

// digestOfValue is the digest of e's value and of whether it has a deadline; fields of a
// hash that have expired do not count. The shard is locked.
func digestOfValue(e entry.Entry, now int64) (d digest) {
	var num []byte
	switch e.Type() {
	case entry.String:
		text := sha1.New()
		str.Each(e, func(piece []byte) bool {
			text.Write(piece)
			return true
		})
		d.follow(text.Sum(nil))
	case entry.List:
		list.Each(e, func(v list.Elem) bool {
			num = v.Append(num[:0])
			d.follow(num)
			return true
		})
	case entry.Set:
		sets.Each(e, func(m []byte) bool {
			d.mix(m)
			return true
		})
	case entry.ZSet:
		zset.Each(e, func(m []byte, score float64) bool {
			num = binary.BigEndian.AppendUint64(num[:0], math.Float64bits(score+0)) // -0 counts as 0
			d.mix(m, num)
			return true
		})
	case entry.Hash:
		hash.Each(e, now, func(f, v []byte, _ int64) bool {
			d.mix(f, v)
			return true
		})
	case entry.Stream:
		stream.Each(e, func(it *stream.Iter) bool {
			d.follow(appendStreamID(nil, it.ID()))
			for range it.Pairs() {
				f, v := it.Pair()
				d.follow(f, v)
			}
			return true
		})
	}
	d.mix([]byte(e.Type().String()))
	if e.HasDeadline() {
		d.mix([]byte("deadline"))
	}
	return d
}

// debugDigest is the digest of all databases. It holds one shard at a time, so it is that of
// one moment only while nothing changes.
func debugDigest(c *Ctx) {
	var d digest
	for db := range c.Store.Databases() {
		number := strconv.AppendInt(nil, int64(db), 10)
		for cursor := uint64(0); ; c.Lane.Yield() {
			cursor = c.Store.Walk(db, cursor, keysStep, func(e entry.Entry) {
				if !e.Expired(c.Now) {
					v := digestOfValue(e, c.Now)
					d.mix(number, e.Key(), v[:])
				}
			})
			if cursor == 0 || c.Halted() {
				break
			}
		}
	}
	d.reply(c)
}

// debugDigestValue replies the digest of the value of each key: zeros for one that is missing.
func debugDigestValue(c *Ctx) {
	c.W.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		var d digest
		k := c.Store.MakeKey(name)
		c.Lane.UnderLock(k, func() {
			if e := c.Store.Find(c.DB, k, c.Now); e.A != 0 {
				d = digestOfValue(e, c.Now)
			}
		})
		d.reply(c)
	}
}

// debugPopulate makes the strings prefix:0, prefix:1 ... that are missing, with the values
// value:0 ... filled up with zeros, or cut, to a size.
func debugPopulate(c *Ctx) {
	count, ok := resp.ParseInt(c.Args[2])
	prefix, size := []byte("key"), int64(0)
	if len(c.Args) > 3 {
		prefix = c.Args[3]
	}
	if ok && len(c.Args) > 4 {
		size, ok = resp.ParseInt(c.Args[4])
	}
	if !ok || count < 0 || size < 0 {
		c.W.Error("ERR value is out of range, must be positive")
		return
	}
	if size > c.Limits.MaxBulkBytes {
		c.W.Error(ErrTooLong)
		return
	}
	var name, val []byte
	for i := int64(0); i < count && !c.endsAt(int(i)); i++ {
		name = strconv.AppendInt(append(append(name[:0], prefix...), ':'), i, 10)
		val = strconv.AppendInt(append(val[:0], "value:"...), i, 10)
		if size > 0 {
			val = val[:min(int64(len(val)), size)]
			val = append(val, make([]byte, size-int64(len(val)))...)
		}
		populate(c, c.Store.MakeKey(name), val)
		if i%keysStep == keysStep-1 {
			c.Lane.Yield()
		}
	}
	c.NoEffect() // each key has recorded its own
	c.W.OK()
}

// populate makes k the string val, if it is missing, as a call of its own.
func populate(c *Ctx, k store.Key, val []byte) {
	c.Lane.UnderLock(k, func() {
		if c.Find(k).A == 0 {
			c.Store.SetString(c.DB, k, val, 0)
			c.Changed(k, EventNone, 1)
			c.Effect("SET", k.Name, val)
		}
	})
}

// protocolReplies are what DEBUG PROTOCOL replies, by the name of the kind.
var protocolReplies = map[string]func(w *resp.Writer){
	"string":  func(w *resp.Writer) { w.BulkString("Hello World") },
	"integer": func(w *resp.Writer) { w.Int(12345) },
	"double":  func(w *resp.Writer) { w.Double(3.141) },
	"null":    func(w *resp.Writer) { w.Null() },
	"bignum":  func(w *resp.Writer) { w.BigNumber("1234567999999999999999999999999999999") },
	"array": func(w *resp.Writer) {
		w.Array(3)
		for i := range 3 {
			w.Int(int64(i))
		}
	},
	"set": func(w *resp.Writer) {
		w.Set(3)
		for i := range 3 {
			w.Int(int64(i))
		}
	},
	"map": func(w *resp.Writer) {
		w.Map(3)
		for i := range 3 {
			w.Int(int64(i))
			w.Bool(i == 1)
		}
	},
	"attrib": func(w *resp.Writer) {
		if w.Proto() >= resp.RESP3 {
			w.Attribute(1)
			w.BulkString("key-popularity")
			w.Array(2)
			w.BulkString("key:123")
			w.Int(90)
		}
		w.BulkString("Some real reply following the attribute")
	},
	"push": func(w *resp.Writer) {
		if w.Proto() < resp.RESP3 {
			w.Error("ERR RESP2 is not supported by this command")
			return
		}
		w.Push(2)
		w.BulkString("server-cpu-usage")
		w.Int(42)
		w.BulkString("Some real reply following the push reply") // the push is none
	},
	"verbatim": func(w *resp.Writer) { w.Verbatim("txt", []byte("This is a verbatim\nstring")) },
	"true":     func(w *resp.Writer) { w.Bool(true) },
	"false":    func(w *resp.Writer) { w.Bool(false) },
}

// debugProtocol replies something of the kind that is asked for.
func debugProtocol(c *Ctx) {
	name := strings.ToLower(string(c.Args[2]))
	if reply := protocolReplies[name]; reply != nil {
		reply(c.W)
		return
	}
	c.W.Error("ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
}
