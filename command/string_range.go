package command

import "github.com/kringdb/kring/store/entry"

var stringRangeSpecs = []*Spec{
	{
		Name: "getrange", Arity: 4, Flags: ReadOnly, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: getRange,
		Since: "2.4.0", Complexity: "O(N) where N is the length of the returned part.",
		Summary: "Returns a part of a string value.",
		Syntax:  "key start:integer end:integer",
	},
	{
		Name: "substr", Arity: 4, Flags: ReadOnly, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: getRange,
		Since: "1.0.0", Complexity: "O(N) where N is the length of the returned part.",
		Summary: "Returns a part of a string value.",
		Syntax:  "key start:integer end:integer", Deprecated: "2.0.0", ReplacedBy: "`GETRANGE`",
	},
	{
		Name: "setrange", Arity: 4, Flags: Write | DenyOOM, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)}, Handler: setRange,
		Since: "2.2.0", Complexity: "O(N) where N is the length of the written part.",
		Summary: "Overwrites a part of a string value, filling a gap with zero bytes.",
		Syntax:  "key offset:integer value",
	},
	{
		Name: "append", Arity: 3, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyInsert)}, Handler: appendString,
		Since: "2.0.0", Complexity: "O(N) where N is the length of the appended value.",
		Summary: "Appends a value to a string value; a missing key counts as empty.",
		Syntax:  "key value",
	},
}

// clampRange turns the start and end of a range over n elements, negative ones
// counting from the end, into [from, to], as GETRANGE and BITCOUNT understand them;
// ok is false when the range is empty.
func clampRange(start, end, n int64) (from, to int64, ok bool) {
	if start < 0 && end < 0 && start > end {
		return 0, 0, false
	}
	if start < 0 {
		start = max(0, n+start)
	}
	if end < 0 {
		end = max(0, n+end)
	}
	end = min(end, n-1)
	return start, end, start <= end
}

func getRange(c *Ctx) {
	start, ok := c.Int(2)
	if !ok {
		return
	}
	end, ok := c.Int(3)
	if !ok {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.String) {
		return
	}
	if e.A == 0 {
		c.W.BulkString("")
		return
	}
	from, to, ok := clampRange(start, end, c.Store.StringLen(e))
	switch {
	case !ok:
		c.W.BulkString("")
	case e.Kind() == kindChunked:
		replyRange(c, e, from, to-from+1)
	default:
		var buf [maxIntTextBytes]byte
		c.W.Bulk(c.Store.StringBytes(e, buf[:0])[from : to+1])
	}
}

// replyRange replies the n bytes from off on of a chunked string, chunk by chunk.
func replyRange(c *Ctx, e entry.Entry, off, n int64) {
	w := c.W
	w.BulkHeader(int(n))
	c.Store.StringSegments(e, off, n, func(seg []byte) bool {
		w.Raw(seg)
		return true
	})
	w.CRLF()
}

// fitsLimit tells whether a string of size+more bytes is allowed; otherwise it
// replies ErrTooLong. Both are at least 0.
func fitsLimit(c *Ctx, size, more int64) bool {
	if total := size + more; total < 0 || total > c.Limits.MaxBulkBytes {
		c.W.Error(ErrTooLong)
		return false
	}
	return true
}

func setRange(c *Ctx) {
	off, ok := c.Int(2)
	if !ok {
		return
	}
	if off < 0 {
		c.W.Error(ErrOffsetRange)
		return
	}
	k, val := c.Keys[0], c.Args[3]
	e := c.Find(k)
	if !c.IsType(e, entry.String) {
		return
	}
	var n int64
	if e.A != 0 {
		n = c.Store.StringLen(e)
	}
	if len(val) == 0 {
		c.W.Int(n)
		return
	}
	if !fitsLimit(c, off, int64(len(val))) {
		return
	}
	c.Store.StringWriteAt(c.DB, k, e, off, val)
	c.Changed(k, EventSetRange, 1)
	c.W.Int(max(n, off+int64(len(val))))
}

func appendString(c *Ctx) {
	k, val := c.Keys[0], c.Args[2]
	e := c.Find(k)
	if !c.IsType(e, entry.String) {
		return
	}
	n := int64(len(val))
	if e.A == 0 {
		c.Store.SetString(c.DB, k, val, 0)
	} else {
		if !fitsLimit(c, c.Store.StringLen(e), n) {
			return
		}
		_, n = c.Store.StringAppend(c.DB, k, e, val)
	}
	c.Changed(k, EventAppend, 1)
	c.W.Int(n)
}
