package command

import (
	"fmt"
	"strings"
	"testing"
)

func TestSort(t *testing.T) {
	r := newRig(t)
	r.do("rpush l 3 1 20 100")
	r.do("mset w1 9 w3 8 w20 7 o1 one o3 three")
	r.do("hset h1 f x")
	for _, c := range []struct{ line, want string }{
		{"sort l", `["1" "3" "20" "100"]`},
		{"sort l alpha desc limit 1 2", `["20" "100"]`},
		{"sort l by w*", `["100" "20" "3" "1"]`}, // without a weight: 0
		{"sort l by w* get o* get #", `[nil "100" nil "20" "three" "3" "one" "1"]`},
		{"sort l by nosort desc limit 1 2", `["20" "1"]`},
		{"sort l by o* alpha", `["20" "100" "1" "3"]`},
		{"sort l limit 0 1 get h*->f", `["x"]`},
		{"sort l by h*->f", "-ERR One or more scores can't be converted into double"},
		{"sort l get const store d", "4"},
		{"lrange d 0 -1", `["" "" "" ""]`},
		{"sort_ro l store d", "-" + ErrSyntax},
	} {
		r.want(c.line, c.want)
	}
}

// TestSortScores: a number is what C's strtod reads, all of it.
func TestSortScores(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"", 0, true}, {" 5", 5, true}, {"\t\n-1.5", -1.5, true}, {"0x10", 16, true}, {"7\x00x", 7, true}, {"\x00", 0, true},
		{"5 ", 0, false}, {" ", 0, false}, {"abc", 0, false}, {"nan", 0, false}, {"1e999", 0, false}, {"1,5", 0, false},
	} {
		if f, ok := sortScore([]byte(c.text)); ok != c.ok || ok && f != c.want {
			t.Errorf("%q is %v, %t", c.text, f, ok)
		}
	}
}

// TestSortLargeSet: members of a hash table, of which the numbers need no order to tie.
func TestSortLargeSet(t *testing.T) {
	r := newRig(t)
	args, want := []string{"sadd", "s"}, []string{}
	for i := range 3000 {
		args = append(args, fmt.Sprint((i*7919)%3000))
		want = append(want, fmt.Sprintf("%q", fmt.Sprint(i)))
	}
	r.run(append(args, "1.0")...) // ties with 1: then the text decides
	want[1] = `"1" "1.0"`
	r.want("sort s", "["+strings.Join(want, " ")+"]")
	r.want("sort s by nosort store d", "3001")
	r.want("lrange d 0 3", `["0" "1" "1.0" "10"]`)
}

// TestSortShards: patterns need all shards, and only they.
func TestSortShards(t *testing.T) {
	for _, c := range []struct {
		line    string
		all     bool
		storeAt int
	}{
		{"sort l", false, 0}, {"sort l by nosort get #", false, 0}, {"sort l by w*", true, 0}, {"sort l GET w*->f store d", true, 5},
		{"sort l get store store d", false, 5}, {"sort l store a* store b*", false, 5}, {"sort l limit store store by w*", true, 0},
		{"sort l bogus by w*", false, 0}, {"sort l by", false, 0}, {"sort l store", false, 0},
	} {
		args := argsOf(strings.Fields(c.line)...)
		if got := sortNeedsAll(args); got != c.all {
			t.Errorf("%s: all shards %t", c.line, got)
		}
		if got := sortStoreAt(args); got != c.storeAt {
			t.Errorf("%s: the destination is argument %d", c.line, got)
		}
	}
}

func TestSortNeedsRightsOnAllKeys(t *testing.T) {
	r := newRig(t)
	r.c.Host.Users = readers{all: false}
	r.do("rpush l 2 1")
	r.want("sort l by w*", "-ERR BY option of SORT denied due to insufficient ACL permissions.")
	r.want("sort_ro l get w*", "-ERR GET option of SORT denied due to insufficient ACL permissions.")
	r.want("sort l get #", "-ERR GET option of SORT denied due to insufficient ACL permissions.")
	r.want("sort l by nosort", `["2" "1"]`)
}
