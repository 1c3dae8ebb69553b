package command

import (
	"math"
	"strconv"

	"github.com/kringdb/kring/internal/geohash"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

const (
	unitSyntax = "<M | KM | FT | MI>"
	errUnit    = "ERR unsupported unit provided. please use M, KM, FT, MI"
	errMember  = "ERR could not decode requested zset member"
)

var geoSpecs = []*Spec{
	{
		Name: "geoadd", Arity: -5, Flags: Write | DenyOOM, Group: GroupGeo,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)}, Handler: geoAdd,
		Since: "3.2.0", Complexity: "O(log N) for each member added, where N is the number of members.",
		Summary: "Adds members at places on the earth, as a sorted set.",
		Syntax:  "key [<NX | XX>] [CH] (longitude:double latitude:double member)...",
	},
	{
		Name: "geodist", Arity: -4, Flags: ReadOnly, Group: GroupGeo,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: geoDist,
		Since: "3.2.0", Complexity: "O(1)", Summary: "Returns the distance of two members.",
		Syntax: "key member1 member2 [" + unitSyntax + "]",
	},
	{
		Name: "geohash", Arity: -2, Flags: ReadOnly, Group: GroupGeo,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: geoHash,
		Since: "3.2.0", Complexity: "O(N) where N is the number of members asked for.",
		Summary: "Returns the places of members as geohash texts.", Syntax: "key member...",
	},
	{
		Name: "geopos", Arity: -2, Flags: ReadOnly, Group: GroupGeo,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: geoPos,
		Since: "3.2.0", Complexity: "O(N) where N is the number of members asked for.",
		Summary: "Returns the longitudes and latitudes of members.", Syntax: "key member...",
	},
}

// pointArg reads arguments i and i+1 as longitude and latitude; it replies the error itself.
func pointArg(c *Ctx, i int) (p geohash.Point, ok bool) {
	var ok2 bool
	p.Lon, ok = parseDouble(c.Args[i])
	if p.Lat, ok2 = parseDouble(c.Args[i+1]); !ok || !ok2 {
		c.W.Error(ErrNotFloat)
		return p, false
	}
	if !p.Valid() {
		c.W.Error("ERR invalid longitude,latitude pair " + fixed(p.Lon) + "," + fixed(p.Lat))
		return p, false
	}
	return p, true
}

// fixed returns f as C's %f does.
func fixed(f float64) string {
	if math.IsInf(f, 0) {
		return string(resp.AppendDouble(nil, f))
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// parseUnit returns how many meters a unit has.
func parseUnit(a []byte) (meters float64, ok bool) {
	switch {
	case equalFold(a, "m"):
		return 1, true
	case equalFold(a, "km"):
		return 1000, true
	case equalFold(a, "ft"):
		return 0.3048, true
	case equalFold(a, "mi"):
		return 1609.34, true
	}
	return 0, false
}

// geoAdd runs as the ZADD that it means.
func geoAdd(c *Ctx) {
	args := c.Args
	zadd := resp.Args{args[0], args[1]}
	at := 2
	var nx, xx bool
	for ; at < len(args); at++ {
		w := args[at]
		isNX, isXX := equalFold(w, "nx"), equalFold(w, "xx")
		if !isNX && !isXX && !equalFold(w, "ch") {
			break
		}
		nx, xx = nx || isNX, xx || isXX
		zadd = append(zadd, w)
	}
	if (len(args)-at)%3 != 0 || nx && xx {
		c.W.Error(ErrSyntax)
		return
	}
	for ; at < len(args); at += 3 {
		p, ok := pointArg(c, at)
		if !ok {
			return
		}
		zadd = append(zadd, strconv.AppendUint(nil, geohash.Score(p), 10), args[at+2])
	}
	c.Args = zadd
	zaddGeneric(c, 0)
	c.Args = args
}

// place returns where a member is.
func place(e entry.Entry, member []byte) (p geohash.Point, ok bool) {
	if e.A == 0 {
		return p, false
	}
	s, ok := zset.Score(e, member)
	if !ok {
		return p, false
	}
	return geohash.Decode(s), true
}

func geoDist(c *Ctx) {
	unit := 1.0
	switch len(c.Args) {
	case 4:
	case 5:
		var ok bool
		if unit, ok = parseUnit(c.Args[4]); !ok {
			c.W.Error(errUnit)
			return
		}
	default:
		c.W.Error(ErrSyntax)
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	a, okA := place(e, c.Args[2])
	b, okB := place(e, c.Args[3])
	if !okA || !okB {
		c.W.Null()
		return
	}
	writeDistance(c, geohash.Distance(a, b)/unit)
}

// writeDistance replies a distance with four decimals.
func writeDistance(c *Ctx, d float64) {
	c.Scratch = strconv.AppendFloat(c.Scratch[:0], d, 'f', 4, 64)
	c.W.Bulk(c.Scratch)
}

func geoHash(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		p, ok := place(e, m)
		if !ok {
			c.W.Null()
			continue
		}
		var text [geohash.TextBytes]byte
		c.W.Bulk(geohash.AppendText(text[:0], p))
	}
}

func geoPos(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		p, ok := place(e, m)
		if !ok {
			c.W.NullArray()
			continue
		}
		writePoint(c, p)
	}
}

// writePoint replies longitude and latitude, with all decimals up to 17.
func writePoint(c *Ctx, p geohash.Point) {
	c.W.Array(2)
	writeDegrees(c, p.Lon)
	writeDegrees(c, p.Lat)
}

func writeDegrees(c *Ctx, f float64) {
	t := strconv.AppendFloat(c.Scratch[:0], f, 'f', 17, 64)
	n := len(t)
	for t[n-1] == '0' {
		n--
	}
	if t[n-1] == '.' {
		n--
	}
	c.Scratch = t
	if c.W.Proto() != resp.RESP3 {
		c.W.Bulk(t[:n])
		return
	}
	c.W.Raw([]byte{','})
	c.W.Raw(t[:n])
	c.W.CRLF()
}
