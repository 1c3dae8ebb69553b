package command

import (
	"bytes"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

var genericSpecs = []*Spec{
	{
		Name: "copy", Arity: -3, Flags: Write | DenyOOM, Group: GroupGeneric, Handler: copyKey,
		Keys:  []KeySpec{KeyAt(1, KeyRO|KeyAccess), KeyAt(2, KeyOW|KeyUpdate)},
		Since: "6.2.0", Complexity: "O(N) where N is the size of the value", Summary: "Copies the value of a key to a new key.",
		Syntax: "source destination [DB destination-db:integer] [REPLACE]",
	},
	{
		Name: "del", Arity: -2, Flags: Write, Group: GroupGeneric, Handler: del, Keys: []KeySpec{KeyRange(1, -1, 1, KeyRM|KeyDelete)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of keys", Summary: "Removes keys.", Syntax: "key...",
		Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
	{
		Name: "exists", Arity: -2, Flags: ReadOnly | Fast, Group: GroupGeneric, Handler: exists, Keys: []KeySpec{KeyRange(1, -1, 1, KeyRO)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of keys", Summary: "Counts how many of the keys exist.", Syntax: "key...",
		Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
	{
		Name: "move", Arity: 3, Flags: Write | Fast, Group: GroupGeneric, Handler: move,
		Keys:  []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Moves a key to another database.", Syntax: "key db:integer",
	},
	{
		Name: "randomkey", Arity: 1, Flags: ReadOnly | Sweeps, Group: GroupGeneric, Handler: randomKey,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns some key of the database.",
		Tips: []string{"request_policy:all_shards", "nondeterministic_output"},
	},
	{
		Name: "rename", Arity: 3, Flags: Write, Group: GroupGeneric, Handler: rename,
		Keys:  []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete), KeyAt(2, KeyOW|KeyUpdate)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Renames a key, replacing the destination.", Syntax: "key newkey",
	},
	{
		Name: "renamenx", Arity: 3, Flags: Write | Fast, Group: GroupGeneric, Handler: renameNX,
		Keys:  []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete), KeyAt(2, KeyOW|KeyInsert)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Renames a key if the new name is free.", Syntax: "key newkey",
	},
	{
		Name: "touch", Arity: -2, Flags: ReadOnly | Fast, Group: GroupGeneric, Handler: touch, Keys: []KeySpec{KeyRange(1, -1, 1, KeyRO)},
		Since: "3.2.1", Complexity: "O(N) where N is the number of keys", Summary: "Refreshes the access time of keys and counts those that exist.", Syntax: "key...",
		Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
	{
		Name: "type", Arity: 2, Flags: ReadOnly | Fast, Group: GroupGeneric, Handler: typeOf, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns the type of a key's value.", Syntax: "key",
	},
	{
		Name: "unlink", Arity: -2, Flags: Write | Fast, Group: GroupGeneric, Handler: del, Keys: []KeySpec{KeyRange(1, -1, 1, KeyRM|KeyDelete)},
		Since: "4.0.0", Complexity: "O(N) where N is the number of keys", Summary: "Removes keys; large values are freed in the background.", Syntax: "key...",
		Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
}

func del(c *Ctx) {
	n := 0
	for i := range c.Keys {
		if c.Find(c.Keys[i]).A != 0 && c.Store.Delete(c.DB, c.Keys[i]) {
			c.Changed(c.Keys[i], EventDel, 1)
			n++
		}
	}
	c.W.Int(int64(n))
}

func exists(c *Ctx) {
	n := 0
	for i := range c.Keys {
		if readQuietly(c, c.Keys[i]).A != 0 {
			n++
		}
	}
	c.W.Int(int64(n))
}

// touch refreshes access times even for a client with NO-TOUCH, as that is its purpose.
func touch(c *Ctx) {
	kept := c.NoTouch
	c.NoTouch = false
	exists(c)
	c.NoTouch = kept
}

func typeOf(c *Ctx) {
	e := readQuietly(c, c.Keys[0])
	if e.A == 0 {
		c.W.Simple("none")
		return
	}
	c.W.Simple(e.Type().String())
}

const errInt32 = "ERR value is out of range, value must between -2147483648 and 2147483647"

// dbArg parses argument i as the index of a database; it replies the error itself.
func dbArg(c *Ctx, i int, inCluster string) (int, bool) {
	n, ok := c.Int(i)
	if !ok {
		return 0, false
	}
	if n != int64(int32(n)) {
		c.W.Error(errInt32)
		return 0, false
	}
	if n != 0 && c.Host.Cluster != nil {
		c.W.Error(inCluster)
		return 0, false
	}
	if n < 0 || n >= int64(c.Store.Databases()) {
		c.W.Error(ErrDBIndex)
		return 0, false
	}
	return int(n), true
}

func copyKey(c *Ctx) {
	db, replace := c.DB, false
	for i := 3; i < len(c.Args); i++ {
		switch {
		case equalFold(c.Args[i], "replace"):
			replace = true
		case equalFold(c.Args[i], "db") && i+1 < len(c.Args):
			var ok bool
			if db, ok = dbArg(c, i+1, "ERR Copying to another database is not allowed in cluster mode"); !ok {
				return
			}
			i++
		default:
			c.W.Error(ErrSyntax)
			return
		}
	}
	from, to := c.Keys[0], c.Keys[1]
	if db == c.DB && string(from.Name) == string(to.Name) {
		c.W.Error(ErrSameObject)
		return
	}
	if c.Read(from).A == 0 {
		c.W.Int(0)
		return
	}
	if c.Store.Find(db, to, c.Now).A != 0 && !replace {
		c.W.Int(0)
		return
	}
	c.Store.Copy(c.DB, from, db, to)
	changedIn(c, db, to, EventCopyTo, 1)
	c.W.Int(1)
}

// changedIn reports a change in a database other than the selected one.
func changedIn(c *Ctx, db int, k store.Key, ev Event, n int) {
	selected := c.DB
	c.DB = db
	c.Changed(k, ev, n)
	c.DB = selected
}

func move(c *Ctx) {
	if c.Host.Cluster != nil {
		c.W.Error("ERR MOVE is not allowed in cluster mode")
		return
	}
	db, ok := dbArg(c, 2, "")
	if !ok {
		return
	}
	if db == c.DB {
		c.W.Error(ErrSameObject)
		return
	}
	k := c.Keys[0]
	if c.Find(k).A == 0 || c.Store.Find(db, k, c.Now).A != 0 {
		c.W.Int(0)
		return
	}
	c.Store.Move(c.DB, db, k)
	c.Changed(k, EventMoveFrom, 1)
	changedIn(c, db, k, EventMoveTo, 0)
	c.W.Int(1)
}

func rename(c *Ctx) {
	if renameTo(c) {
		c.W.OK()
	}
}

func renameNX(c *Ctx) {
	from, to := c.Keys[0], c.Keys[1]
	if c.Find(from).A == 0 {
		c.W.Error(ErrNoSuchKey)
		return
	}
	if string(from.Name) == string(to.Name) || c.Find(to).A != 0 {
		c.W.Int(0)
		return
	}
	if renameTo(c) {
		c.W.Int(1)
	}
}

func renameTo(c *Ctx) bool {
	from, to := c.Keys[0], c.Keys[1]
	if c.Find(from).A == 0 {
		c.W.Error(ErrNoSuchKey)
		return false
	}
	if string(from.Name) == string(to.Name) {
		return true
	}
	c.Find(to) // so that a key which has expired ends first
	c.Store.Rename(c.DB, from, to)
	c.Changed(from, EventRenameFrom, 1)
	c.Changed(to, EventRenameTo, 0)
	return true
}

func randomKey(c *Ctx) {
	name, ok := c.Store.RandomKey(c.DB, c.Now, c.Scratch[:0])
	if !ok {
		c.W.Null()
		return
	}
	c.Scratch = name[:0]
	c.W.Bulk(name)
}

// parseUnsigned parses an unsigned 64-bit number as C's strtoul does: a sign is allowed,
// the empty string is 0.
func parseUnsigned(b []byte) (uint64, bool) {
	neg := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		neg = b[0] == '-'
		if b = b[1:]; len(b) == 0 {
			return 0, false
		}
	}
	var n uint64
	for _, ch := range b {
		d := uint64(ch - '0')
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if neg {
		n = -n
	}
	return n, true
}

// oddUnsigned parses a number, which is no plain decimal, as Redis's string2ull does, which
// SCAN cursors and stream ids go through: blanks and a sign are allowed, though no negative
// number in its plain form, nor the empty string.
func oddUnsigned(b []byte) (uint64, bool) {
	if n, ok := resp.ParseInt(b); ok && n < 0 {
		return 0, false
	}
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	if len(b) == 0 {
		return 0, false
	}
	return parseUnsigned(b)
}

// parseCount parses COUNT of SCAN; it replies the error itself.
func parseCount(c *Ctx, arg []byte) (int, bool) {
	n, ok := resp.ParseInt(arg)
	if !ok {
		c.W.Error(ErrNotInteger)
		return 0, false
	}
	if n < 1 {
		c.W.Error(ErrSyntax)
		return 0, false
	}
	return int(min(n, maxScanCount)), true
}
