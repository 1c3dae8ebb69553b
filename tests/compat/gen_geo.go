package compat

import (
	"math"
	"strconv"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var geoGroup = Group{
	Name: "geo",
	Commands: `
		geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore`,
	Weight: 20,
	Gens:   geoGens,
	Cases:  geoCases,
}

var geoGens = []Gen{
	{Name: "geoadd", Weight: 40, Make: genGeoAdd},
	{Name: "geodist", Make: func(g *G) []string {
		args := []string{"GEODIST", g.GeoKey(), g.place(), g.place()}
		if g.P(50) {
			args = append(args, g.geoUnit())
		}
		return args
	}},
	{Name: "geohash", Weight: 5, Make: func(g *G) []string { return []string{"GEOHASH", g.GeoKey(), g.place(), g.place()} }},
	{Name: "geopos", Weight: 5, Make: func(g *G) []string { return []string{"GEOPOS", g.GeoKey(), g.place(), g.place()} }},
	{Name: "geosearch", Weight: 40, Make: func(g *G) []string { return g.geoOptions(g.area([]string{"GEOSEARCH", g.GeoKey()}), true) }},
	{Name: "geosearchstore", Make: func(g *G) []string {
		args := g.geoOptions(g.area([]string{"GEOSEARCHSTORE", g.GeoKey(), g.GeoKey()}), g.P(10))
		if g.P(40) {
			args[1] = distanceKey
			args = append(args, g.Case("STOREDIST"))
		}
		return args
	}},
	{Name: "georadius", Weight: 15, Make: func(g *G) []string {
		args := append(append([]string{g.Pick("GEORADIUS", "GEORADIUS_RO"), g.GeoKey()}, g.lonLat()...), g.meters(), g.geoUnit())
		return g.geoStore(g.geoOptions(args, g.P(70)))
	}},
	{Name: "georadiusbymember", Weight: 15, Make: func(g *G) []string {
		args := []string{g.Pick("GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"), g.GeoKey(), g.place(), g.meters(), g.geoUnit()}
		return g.geoStore(g.geoOptions(args, g.P(70)))
	}},
}

// GeoKey gives mostly a key that holds places.
func (g *G) GeoKey() string {
	if g.P(8) {
		return g.ZKey()
	}
	return g.Pick("geo0", "geo1")
}

func (g *G) place() string { return "p" + strconv.Itoa(g.N(30)) }

func (g *G) geoUnit() string { return g.Case(g.Pick("M", "KM", "FT", "MI", "KM", "KM", "YD")) }

// lonLat gives a point, mostly in one region, with few digits now and then so that
// points meet.
func (g *G) lonLat() []string {
	digits := g.N(7)
	num := func(low, high float64) string {
		return strconv.FormatFloat(low+g.r.Float64()*(high-low), 'f', digits, 64)
	}
	switch n := g.N(100); {
	case n < 55:
		return []string{num(8, 20), num(35, 50)}
	case n < 80:
		return []string{num(-180, 180), num(-85, 85)}
	case n < 90:
		return []string{g.Pick("180", "-180", "179.99", "-179.99"), num(-85, 85)}
	case n < 96:
		return []string{num(-180, 180), g.Pick("85.05112878", "-85.05112878", "84.9", "-84.9", "0", "66", "-66.5", "81")}
	}
	return []string{g.Pick("0", "181", "x", "-180.1"), g.Pick("0", "86", "nan", "-85.06")}
}

func (g *G) meters() string {
	if g.P(5) {
		return g.Pick("0", "-1", "x", "1e10", "inf")
	}
	return strconv.Itoa(1 + g.N([]int{10, 1000, 10000, 3000000}[g.N(4)]))
}

func genGeoAdd(g *G) []string {
	args := []string{"GEOADD", g.GeoKey()}
	if g.P(20) {
		args = append(args, g.Case(g.Pick("NX", "XX", "CH", "GT")))
	}
	for range 1 + g.N(8) {
		args = append(append(args, g.lonLat()...), g.place())
	}
	return args
}

func (g *G) area(args []string) []string {
	if g.P(50) {
		args = append(args, g.Case("FROMMEMBER"), g.place())
	} else {
		args = append(append(args, g.Case("FROMLONLAT")), g.lonLat()...)
	}
	if g.P(50) {
		return append(args, g.Case("BYRADIUS"), g.meters(), g.geoUnit())
	}
	return append(args, g.Case("BYBOX"), g.meters(), g.meters(), g.geoUnit())
}

func (g *G) geoOptions(args []string, with bool) []string {
	if g.P(40) {
		args = append(args, g.Case(g.Pick("ASC", "DESC")))
	}
	if g.P(30) {
		args = append(args, g.Case("COUNT"), g.Pick("1", "2", "3", "5", "0", g.Int()))
		if g.P(40) {
			args = append(args, g.Case("ANY"))
		}
	}
	if with {
		for range g.N(3) {
			args = append(args, g.Case(g.Pick("WITHDIST", "WITHCOORD", "WITHHASH")))
		}
	}
	return args
}

func (g *G) geoStore(args []string) []string {
	switch n := g.N(10); n {
	case 0:
		return append(args, g.Case("STORE"), g.GeoKey())
	case 1:
		return append(args, g.Case("STOREDIST"), distanceKey)
	}
	return args
}

// distanceKey is where STOREDIST stores, and nothing else: one distance in 500 differs in
// the last place, because the C library's sine, cosine and arcsine do not always round
// correctly, while the subject's do.
const distanceKey = "distances"

// sameDistances compares two dumps of distanceKey.
func sameDistances(o, s rawclient.Value) bool {
	if o.Kind != s.Kind || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := range o.Elems {
		x, errX := strconv.ParseFloat(o.Elems[i].Str, 64)
		y, errY := strconv.ParseFloat(s.Elems[i].Str, 64)
		isScore := i%2 == 1 && errX == nil && errY == nil
		if !o.Elems[i].Equal(s.Elems[i]) && !(isScore && math.Abs(x-y) <= 3*(math.Nextafter(x, math.Inf(1))-x)) {
			return false
		}
	}
	return true
}
