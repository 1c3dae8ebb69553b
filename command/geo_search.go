package command

import (
	"bytes"
	"slices"

	"github.com/kringdb/kring/internal/geohash"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

const (
	geoComplexity = "O(N + M log M) where N is the number of members in the cells around the area and M the number of those within it."
	geoWithSyntax = " [WITHCOORD] [WITHDIST] [WITHHASH]"
	geoCountOrder = " [(COUNT count:integer [ANY])] [<ASC | DESC>]"
	geoStores     = " [STORE key] [STOREDIST key]"
	geoAreaSyntax = " <FROMMEMBER member | FROMLONLAT (longitude:double latitude:double)>" +
		" <(BYRADIUS radius:double " + unitSyntax + ") | (BYBOX width:double height:double " + unitSyntax + ")>" +
		" [<ASC | DESC>] [(COUNT count:integer [ANY])]"
)

// geoForm is what the name of a command says.
type geoForm struct {
	search   bool // GEOSEARCH and GEOSEARCHSTORE: the area stands in options
	store    bool // GEOSEARCHSTORE
	byMember bool // of the old commands: around a member
	readOnly bool // of the old commands: no STORE
}

// at returns the index of the key and of the first option.
func (f geoForm) at() (key, options int) {
	switch {
	case f.store:
		return 2, 3
	case f.search:
		return 1, 2
	case f.byMember:
		return 1, 5
	}
	return 1, 6
}

var geoSearchSpecs = []*Spec{
	geoSearchSpec(&Spec{
		Name: "geosearch", Arity: -7, Flags: ReadOnly, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Since: "6.2.0",
		Summary: "Returns the members within a circle or a box.", Syntax: "key" + geoAreaSyntax + geoWithSyntax,
	}, geoForm{search: true}),
	geoSearchSpec(&Spec{
		Name: "geosearchstore", Arity: -8, Flags: Write | DenyOOM,
		Keys: []KeySpec{KeyAt(1, KeyOW|KeyUpdate), KeyAt(2, KeyRO|KeyAccess)}, Since: "6.2.0",
		Summary: "Stores the members within a circle or a box in another key.",
		Syntax:  "destination source" + geoAreaSyntax + " [STOREDIST]",
	}, geoForm{search: true, store: true}),
	geoSearchSpec(&Spec{
		Name: "georadius", Arity: -6, Flags: Write | DenyOOM, Keys: geoRadiusKeys(6), Since: "3.2.0",
		Summary:    "Returns the members within a circle around a point, or stores them.",
		Syntax:     "key longitude:double latitude:double radius:double " + unitSyntax + geoWithSyntax + geoCountOrder + geoStores,
		Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
	}, geoForm{}),
	geoSearchSpec(&Spec{
		Name: "georadius_ro", Arity: -6, Flags: ReadOnly, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Since: "3.2.10",
		Summary:    "Returns the members within a circle around a point.",
		Syntax:     "key longitude:double latitude:double radius:double " + unitSyntax + geoWithSyntax + geoCountOrder,
		Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` with the `BYRADIUS` argument",
	}, geoForm{readOnly: true}),
	geoSearchSpec(&Spec{
		Name: "georadiusbymember", Arity: -5, Flags: Write | DenyOOM, Keys: geoRadiusKeys(5), Since: "3.2.0",
		Summary:    "Returns the members within a circle around a member, or stores them.",
		Syntax:     "key member radius:double " + unitSyntax + geoWithSyntax + geoCountOrder + geoStores,
		Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
	}, geoForm{byMember: true}),
	geoSearchSpec(&Spec{
		Name: "georadiusbymember_ro", Arity: -5, Flags: ReadOnly, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Since: "3.2.10",
		Summary:    "Returns the members within a circle around a member.",
		Syntax:     "key member radius:double " + unitSyntax + geoWithSyntax + geoCountOrder,
		Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
	}, geoForm{byMember: true, readOnly: true}),
}

// geoRadiusKeys are the keys of a command that may store; from is where its options begin.
func geoRadiusKeys(from int) []KeySpec {
	return []KeySpec{
		KeyAt(1, KeyRO|KeyAccess),
		{Flags: KeyOW | KeyUpdate, Keyword: "STORE", StartFrom: from, Step: 1, Find: geoStoreAt("store", from)},
		{Flags: KeyOW | KeyUpdate, Keyword: "STOREDIST", StartFrom: from, Step: 1, Find: geoStoreAt("storedist", from)},
	}
}

func geoSearchSpec(s *Spec, f geoForm) *Spec {
	s.Group, s.Complexity = GroupGeo, geoComplexity
	s.Handler = func(c *Ctx) { geoSearch(c, f) }
	s.Cost = func(c *Ctx) int64 { return geoCost(c, f) }
	return s
}

// geoCall is a parsed call of a search.
type geoCall struct {
	shape                         geohash.Shape
	unit                          float64 // meters
	hasCenter, hasSize            bool
	fromMember                    bool
	withDist, withHash, withCoord bool
	sort                          int // 1 near ones first, -1 far ones first, 0 as found
	count                         int64
	any                           bool
	storeAt                       int // of the name of the key to store in; 0 none
	storeDist                     bool
}

// found is a member within the area.
type found struct {
	member []byte // a view
	score  float64
	dist   float64
	at     geohash.Point
}

// geoStoreAt finds the key behind the last of the words STORE, or STOREDIST, among the
// options, which begin at from.
func geoStoreAt(word string, from int) func(args resp.Args) int {
	return func(args resp.Args) (at int) {
		for i := from; i < len(args); i++ {
			switch a := args[i]; {
			case i+1 == len(args):
			case equalFold(a, "count"):
				i++
			case equalFold(a, "store"), equalFold(a, "storedist"):
				if i++; equalFold(a, word) {
					at = i
				}
			}
		}
		return at
	}
}

func geoSearch(c *Ctx, f geoForm) {
	key, _ := f.at()
	e := c.Read(c.Keys[key-1])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	g, ok := parseGeo(c, e, f)
	if !ok {
		return
	}
	var to store.Key
	if g.storeAt > 0 {
		to = c.Keys[slices.IndexFunc(c.Keys, func(k store.Key) bool { return bytes.Equal(k.Name, c.Args[g.storeAt]) })]
	}
	var l []found
	if e.A != 0 {
		l = g.find(e)
	}
	if g.storeAt == 0 {
		g.write(c, l)
		return
	}
	ev := EventGeoRadiusStore
	if f.search {
		ev = EventGeoSearchStore
	}
	g.store(c, to, l, ev)
}

// find returns the members within the area, as many as are wanted and in the order
// that is.
func (g *geoCall) find(e entry.Entry) (l []found) {
	order := g.sort
	if g.count > 0 && order == 0 && !g.any {
		order = 1
	}
	for _, cell := range g.shape.Cells() {
		if cell.Step == 0 {
			continue
		}
		if l = g.findIn(e, cell, l); g.any && int64(len(l)) >= g.count {
			break
		}
	}
	if order != 0 {
		slices.SortStableFunc(l, func(a, b found) int {
			switch {
			case a.dist < b.dist:
				return -order
			case a.dist > b.dist:
				return order
			}
			return 0
		})
	}
	if g.count > 0 && int64(len(l)) > g.count {
		l = l[:g.count]
	}
	return l
}

// cellRanks returns the ranks [from, to) of the members in a cell.
func cellRanks(e entry.Entry, cell geohash.Cell) (from, to uint64) {
	low, high := cell.Scores()
	from = zset.RankOfScore(e, float64(low), false)
	return from, max(from, zset.RankOfScore(e, float64(high), false))
}

func (g *geoCall) findIn(e entry.Entry, cell geohash.Cell, l []found) []found {
	from, to := cellRanks(e, cell)
	var it zset.Iter
	it.Seek(e, from, to-from, false)
	for it.Next() {
		x := found{member: it.Member(), score: it.Score()}
		x.at = geohash.Decode(x.score)
		var ok bool
		if x.dist, ok = g.shape.Within(x.at); !ok {
			continue
		}
		if l = append(l, x); g.any && int64(len(l)) >= g.count {
			break
		}
	}
	return l
}

func (g *geoCall) write(c *Ctx, l []found) {
	w, parts := c.W, 1
	for _, on := range []bool{g.withDist, g.withHash, g.withCoord} {
		if on {
			parts++
		}
	}
	w.Array(len(l))
	for i := range l {
		if c.endsAt(i) {
			return
		}
		x := &l[i]
		if parts > 1 {
			w.Array(parts)
		}
		w.Bulk(x.member)
		if g.withDist {
			writeDistance(c, x.dist/g.unit)
		}
		if g.withHash {
			w.Int(int64(x.score))
		}
		if g.withCoord {
			writePoint(c, x.at)
		}
	}
}

func (g *geoCall) store(c *Ctx, to store.Key, l []found, ev Event) {
	var out scoredList
	out.grow(len(l))
	for i := range l {
		s := l[i].score
		if g.storeDist {
			s = l[i].dist / g.unit
		}
		out.add(l[i].member, s)
	}
	storeZSet(c, to, out.sorted(), ev, len(l))
	c.W.Int(int64(len(l)))
}

// geoCost is the number of members in the cells around the area.
func geoCost(c *Ctx, f geoForm) int64 {
	key, _ := f.at()
	e, ok := c.estimated(key-1, entry.ZSet)
	if !ok || zset.Len(e) < SlowCost {
		return 0
	}
	var sink resp.Buffer // an error is for the handler to reply
	var w resp.Writer
	w.Bind(&sink, resp.RESP2)
	quiet := Ctx{Call: Call{Args: c.Args}, W: &w}
	g, ok := parseGeo(&quiet, e, f)
	if !ok {
		return 0
	}
	n := int64(0)
	for _, cell := range g.shape.Cells() {
		if cell.Step > 0 {
			from, to := cellRanks(e, cell)
			n += int64(to - from)
		}
	}
	return n
}
