package compat

import (
	"sort"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var sortGroup = Group{
	Name:     "sort",
	Commands: `sort sort_ro`,
	Weight:   20,
	Gens: []Gen{
		{Name: "sort", Weight: 30, Make: genSort},
		{Name: "rpush to sort", Weight: 12, Make: func(g *G) []string { return append([]string{"RPUSH", g.Key()}, g.sortables()...) }},
		{Name: "sadd to sort", Weight: 8, Make: func(g *G) []string { return append([]string{"SADD", g.Key()}, g.sortables()...) }},
		{Name: "zadd to sort", Weight: 8, Make: genZaddToSort},
		{Name: "weights", Weight: 20, Make: func(g *G) []string {
			args := []string{"MSET"}
			for _, e := range sortElems {
				args = append(args, "w_"+e, g.weight(e))
			}
			return args
		}},
		{Name: "weights in hashes", Weight: 10, Make: func(g *G) []string {
			e := sortElems[g.N(len(sortElems))]
			return []string{"HSET", "h_" + e, "w", g.weight(e), "name", "name of " + e}
		}},
		{Name: "del weights", Weight: 4, Make: func(g *G) []string { return []string{"DEL", "w_" + g.Pick(sortElems...), "h_" + g.Pick(sortElems...)} }},
	},
	Cases: sortCases,
}

var sortElems = []string{"1", "2", "3", "10", "20", "-5", "100", "33"}

// weight gives a weight that no other element has, so that ties do not show the sorting
// algorithm.
func (g *G) weight(elem string) string {
	n, _ := strconv.Atoi(elem)
	if g.P(10) {
		return g.Pick("abc", "", " 7", "1.5x") + elem
	}
	return strconv.Itoa((n*7919)%1000*(1-2*g.N(2))) + "." + strconv.Itoa(n&7)
}

func (g *G) sortables() []string {
	out := make([]string, 1+g.N(6))
	for i := range out {
		out[i] = g.Pick(sortElems...)
		if g.P(4) {
			out[i] = g.Value()
		}
	}
	return out
}

func genZaddToSort(g *G) []string {
	args := []string{"ZADD", g.Key()}
	for range 1 + g.N(5) {
		args = append(args, strconv.Itoa(g.N(100)), g.Pick(sortElems...))
	}
	return args
}

func genSort(g *G) []string {
	args := []string{g.Pick("SORT", "SORT", "SORT", "SORT_RO"), g.Key()}
	var opts [][]string
	if g.P(45) {
		opts = append(opts, []string{g.Case("BY"), g.Pick("w_*", "h_*->w", "nosort", "w_*", "h_*->", "x*y", "*", "#", "h_*->name")})
	}
	if g.P(35) {
		opts = append(opts, []string{g.Case("LIMIT"), g.Index(), g.Index()})
	}
	for g.P(30) {
		opts = append(opts, []string{g.Case("GET"), g.Pick("#", "w_*", "h_*->name", "h_*->w", "const", "k*", "h_*->", "*->a", "->*")})
	}
	if g.P(50) {
		opts = append(opts, []string{g.Case(g.Pick("ASC", "DESC"))})
	}
	if g.P(45) {
		opts = append(opts, []string{g.Case("ALPHA")})
	}
	if g.P(25) {
		opts = append(opts, []string{g.Case("STORE"), g.Key()})
	}
	g.r.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] })
	for _, o := range opts {
		args = append(args, o...)
	}
	return args
}

// sortHasOrder tells whether the order of a SORT is told by its arguments, whatever the
// collection: not without sorting, and not where texts decide of which several may be
// equal or missing.
func sortHasOrder(args []string) bool {
	alpha, by := false, ""
	for i, a := range args {
		switch strings.ToUpper(a) {
		case "ALPHA":
			alpha = true
		case "BY":
			if i+1 < len(args) {
				by = args[i+1]
			}
		}
	}
	return by == "" || strings.Contains(by, "*") && !alpha
}

// sortAgrees compares the replies of a SORT: where the order is not told, as multisets,
// and with LIMIT only their lengths.
func sortAgrees(st Step, o, s rawclient.Value) bool {
	if o.Equal(s) {
		return true
	}
	if sortHasOrder(st.Args) || o.Kind != s.Kind || len(o.Elems) != len(s.Elems) {
		return false
	}
	for _, a := range st.Args {
		if strings.EqualFold(a, "limit") {
			return true
		}
	}
	return sameTexts(o, s)
}

func sameTexts(o, s rawclient.Value) bool {
	a, b := o.Texts(), s.Texts()
	sort.Strings(a)
	sort.Strings(b)
	return strings.Join(a, "\x01") == strings.Join(b, "\x01")
}

// sortAllowed refuses to store where the sides might go apart: what has no told order,
// and numbers (see the difference below).
func sortAllowed(args []string) bool {
	store, alpha := false, false
	for _, a := range args {
		store = store || strings.EqualFold(a, "store")
		alpha = alpha || strings.EqualFold(a, "alpha")
	}
	return !store || alpha && sortHasOrder(args)
}

func init() {
	comparators["sort"] = sortAgrees
	comparators["sort_ro"] = sortAgrees
	Differences = append(Differences, Difference{
		Name:   "sort-leaves-sorted-sets-packed",
		Reason: "the oracle's SORT, even SORT_RO, turns each sorted set that it reads into a skiplist",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "object|encoding" && sameEncoding("zset", o.Str, s.Str) ||
				st.Name() == "debug|object" && strings.Contains(o.Str, " encoding:skiplist ") && strings.Contains(s.Str, " encoding:listpack ")
		},
	}, Difference{
		Name:   "sort-after-a-number-out-of-range",
		Reason: "the oracle takes a number for a wrong one if an earlier command had met one out of range (it does not clear errno)",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return strings.HasPrefix(st.Name(), "sort") && o.Str == "ERR One or more scores can't be converted into double" && !s.IsError()
		},
	})
}
