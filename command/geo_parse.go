package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

// parseGeo reads the arguments of a search in e, which may be missing; it replies the
// error itself.
func parseGeo(c *Ctx, e entry.Entry, f geoForm) (g geoCall, ok bool) {
	_, at := f.at()
	g.unit = 1
	switch {
	case f.search:
	case f.byMember && e.A == 0: // options first
	case f.byMember:
		if ok = g.member(c, e, 2) && g.radius(c, 3); !ok {
			return g, false
		}
	default:
		if g.shape.Center, ok = pointArg(c, 2); !ok || !g.radius(c, 4) {
			return g, false
		}
	}
	if f.store {
		g.storeAt = 1
	}
	for at < len(c.Args) {
		n, ok := g.option(c, f, at)
		if n == 0 && ok {
			n, ok = g.areaOption(c, e, f, at)
		}
		if !ok {
			return g, false
		}
		if n == 0 {
			c.W.Error(ErrSyntax)
			return g, false
		}
		at += n
	}
	return g, g.check(c, f)
}

// member makes the place of the member in argument i the center.
func (g *geoCall) member(c *Ctx, e entry.Entry, i int) (ok bool) {
	if g.shape.Center, ok = place(e, c.Args[i]); !ok {
		c.W.Error(errMember)
	}
	return ok
}

// radius reads argument i as a radius and the next one as its unit.
func (g *geoCall) radius(c *Ctx, i int) bool {
	r, ok := parseDouble(c.Args[i])
	switch {
	case !ok:
		c.W.Error("ERR need numeric radius")
		return false
	case r < 0:
		c.W.Error("ERR radius cannot be negative")
		return false
	}
	if g.unit, ok = parseUnit(c.Args[i+1]); !ok {
		c.W.Error(errUnit)
		return false
	}
	g.shape.Radius = r * g.unit
	return true
}

// box reads arguments i to i+2 as width, height and their unit.
func (g *geoCall) box(c *Ctx, i int) bool {
	width, ok := parseDouble(c.Args[i])
	if !ok {
		c.W.Error("ERR need numeric width")
		return false
	}
	height, ok := parseDouble(c.Args[i+1])
	switch {
	case !ok:
		c.W.Error("ERR need numeric height")
		return false
	case width < 0 || height < 0:
		c.W.Error("ERR height or width cannot be negative")
		return false
	}
	if g.unit, ok = parseUnit(c.Args[i+2]); !ok {
		c.W.Error(errUnit)
		return false
	}
	g.shape.Box, g.shape.Width, g.shape.Height = true, width*g.unit, height*g.unit
	return true
}

// option reads one option that says what is returned, at argument i, and returns the
// number of its arguments, 0 if it is none.
func (g *geoCall) option(c *Ctx, f geoForm, i int) (n int, ok bool) {
	w, more := c.Args[i], len(c.Args)-i-1
	old := !f.search && !f.readOnly
	switch {
	case equalFold(w, "withdist"):
		g.withDist = true
	case equalFold(w, "withhash"):
		g.withHash = true
	case equalFold(w, "withcoord"):
		g.withCoord = true
	case equalFold(w, "any"):
		g.any = true
	case equalFold(w, "asc"):
		g.sort = 1
	case equalFold(w, "desc"):
		g.sort = -1
	case more >= 1 && equalFold(w, "count"):
		if g.count, ok = resp.ParseInt(c.Args[i+1]); !ok {
			c.W.Error(ErrNotInteger)
			return 0, false
		}
		if g.count <= 0 {
			c.W.Error("ERR COUNT must be > 0")
			return 0, false
		}
		return 2, true
	case old && more >= 1 && equalFold(w, "store"):
		g.storeAt, g.storeDist = i+1, false
		return 2, true
	case old && more >= 1 && equalFold(w, "storedist"):
		g.storeAt, g.storeDist = i+1, true
		return 2, true
	case f.store && equalFold(w, "storedist"):
		g.storeDist = true
	default:
		return 0, true
	}
	return 1, true
}

// areaOption is option for those of GEOSEARCH that say where.
func (g *geoCall) areaOption(c *Ctx, e entry.Entry, f geoForm, i int) (n int, ok bool) {
	w, more := c.Args[i], len(c.Args)-i-1
	switch {
	case !f.search:
	case more >= 1 && !(g.hasCenter && !g.fromMember) && equalFold(w, "frommember"):
		if e.A != 0 && !g.member(c, e, i+1) {
			return 0, false
		}
		g.hasCenter, g.fromMember = true, true
		return 2, true
	case more >= 2 && !g.fromMember && equalFold(w, "fromlonlat"):
		if g.shape.Center, ok = pointArg(c, i+1); !ok {
			return 0, false
		}
		g.hasCenter = true
		return 3, true
	case more >= 2 && !g.shape.Box && equalFold(w, "byradius"):
		g.hasSize = true
		return 3, g.radius(c, i+1)
	case more >= 3 && !(g.hasSize && !g.shape.Box) && equalFold(w, "bybox"):
		g.hasSize = true
		return 4, g.box(c, i+1)
	}
	return 0, true
}

// check refuses combinations.
func (g *geoCall) check(c *Ctx, f geoForm) bool {
	text := ""
	switch with := g.withDist || g.withHash || g.withCoord; {
	case with && f.store:
		text = "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	case with && g.storeAt > 0:
		text = "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	case f.search && !g.hasCenter:
		text = "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + CText(c.Args[0], len(c.Args[0]))
	case f.search && !g.hasSize:
		text = "ERR exactly one of BYRADIUS and BYBOX can be specified for " + CText(c.Args[0], len(c.Args[0]))
	case g.any && g.count == 0:
		text = "ERR the ANY argument requires COUNT argument"
	default:
		return true
	}
	c.W.Error(text)
	return false
}
