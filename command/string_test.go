package command

import (
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/entry"
)

// putOther makes key hold a value that is no string.
func (r *rig) putOther(key string) {
	k := r.st.MakeKey([]byte(key))
	r.st.Lock(k.Shard)
	r.st.Delete(r.c.DB, k)
	clear(r.st.Put(r.c.DB, k, entry.List, entry.Listpack, 8, 0).Payload())
	r.st.Unlock(k.Shard)
}

// deadline returns key's deadline: 0 without one, -1 without a key.
func (r *rig) deadline(key string) int64 {
	k := r.st.MakeKey([]byte(key))
	r.st.Lock(k.Shard)
	defer r.st.Unlock(k.Shard)
	e := r.st.Find(r.c.DB, k, r.c.Now)
	if e.A == 0 {
		return -1
	}
	return e.Deadline()
}

func (r *rig) wantDeadline(key string, ms int64) {
	r.t.Helper()
	if got := r.deadline(key); got != ms {
		r.t.Errorf("deadline of %s is %d, want %d", key, got, ms)
	}
}

// encoding returns what OBJECT ENCODING shows.
func (r *rig) encoding(key string) string {
	k := r.st.MakeKey([]byte(key))
	r.st.Lock(k.Shard)
	defer r.st.Unlock(k.Shard)
	e := r.st.Find(r.c.DB, k, r.c.Now)
	if e.A == 0 {
		return "none"
	}
	return e.Encoding().String()
}

func (r *rig) wantEncoding(key, enc string) {
	r.t.Helper()
	if got := r.encoding(key); got != enc {
		r.t.Errorf("encoding of %s is %s, want %s", key, got, enc)
	}
}

// exchange is one line of a dialogue: a command line and its reply as show writes it.
type exchange struct{ line, reply string }

func (r *rig) talk(lines []exchange) {
	r.t.Helper()
	for _, x := range lines {
		r.want(x.line, x.reply)
	}
}

const wrongType = "-" + ErrWrongType

func TestGetSet(t *testing.T) {
	r := newRig(t)
	r.putOther("l")
	r.talk([]exchange{
		{"get k", "nil"},
		{"SET k v", "OK"},
		{"gEt k", `"v"`},
		{"set k 12", "OK"},
		{"get k", `"12"`},
		{"strlen k", "2"},
		{"strlen none", "0"},
		{"getset k w", `"12"`},
		{"getset new w", "nil"},
		{"mget k none l new", `["w" nil nil "w"]`},
		{"getdel k", `"w"`},
		{"getdel k", "nil"},
		{"setnx k a", "1"},
		{"setnx k b", "0"},
		{"mset k 1 m 2 k 3", "OK"},
		{"mget k m", `["3" "2"]`},
		{"msetnx k 9 n 9", "0"},
		{"msetnx n 1 o 2 n 3", "1"},
		{"mget n o", `["3" "2"]`},
		{"mset a", "-ERR wrong number of arguments for 'mset' command"},
		{"mset a 1 b", "-ERR wrong number of arguments for 'mset' command"},
		{"msetnx a 1 b", "-ERR wrong number of arguments for 'msetnx' command"},
		{"get l", wrongType},
		{"getset l x", wrongType},
		{"getdel l", wrongType},
		{"getex l", wrongType},
		{"strlen l", wrongType},
		{"setnx l x", "0"},
		{"set l x get", wrongType},
		{"set l x", "OK"},
		{"get l", `"x"`},
	})
	if r.c.Hits == 0 || r.c.Misses == 0 {
		t.Errorf("hits %d, misses %d", r.c.Hits, r.c.Misses)
	}
}

func TestSetOptions(t *testing.T) {
	const expire = "-ERR invalid expire time in 'set' command"
	const syntax = "-" + ErrSyntax
	const number = "-" + ErrNotInteger
	r := newRig(t)
	r.talk([]exchange{
		{"set k v xx", "nil"},
		{"set k v nx", "OK"},
		{"set k w nx", "nil"},
		{"set k w nx get", `"v"`},
		{"set k w xx get", `"v"`},
		{"set none w xx get", "nil"},
		{"set new w nx get", "nil"},
		{"get new", `"w"`},
		{"set k v nx xx", syntax},
		{"set k v xx nx", syntax},
		{"set k v foo", syntax},
		{"set k v ex", syntax},
		{"set k v ex 10 px 10", syntax},
		{"set k v ex 10 keepttl", syntax},
		{"set k v keepttl ex 10", syntax},
		{"set k v persist", syntax},
		{"set k v ex foo foo", syntax},
		{"set k v ex foo", number},
		{"set k v ex 1.5", number},
		{"set k v ex 0", expire},
		{"set k v px -1", expire},
		{"set k v exat -1", expire},
		{"set k v ex 9223372036854775807", expire},
		{"set k v ex 9223372036854775", expire},
		{"set k v px 9223372036854775807", expire},
		{"get k", `"w"`},
		{"setex k 0 v", "-ERR invalid expire time in 'setex' command"},
		{"psetex k -5 v", "-ERR invalid expire time in 'psetex' command"},
		{"setex k x v", number},
	})
	now := r.c.Now
	for _, x := range []struct {
		line     string
		deadline int64
	}{
		{"set k v ex 10", now + 10000},
		{"set k v keepttl", now + 10000},
		{"set k v get keepttl keepttl", now + 10000},
		{"set k v", 0},
		{"set k v PX 10", now + 10},
		{"set k v EXAT 9999999999", 9999999999000},
		{"set k v PXAT 9999999999999", 9999999999999},
		{"set k v pxat 9223372036854775807", 9223372036854775807},
		{"set k v ex 10 ex 20 get", now + 20000},
		{"setex k 7 v", now + 7000},
		{"psetex k 7 v", now + 7},
		{"incrbyfloat f 1", -1},
		{"getset k 5", 0},
		{"set k 5 px 100", now + 100},
		{"incr k", now + 100},
		{"incrbyfloat k 0.5", now + 100},
		{"append k 5", now + 100},
		{"setrange k 0 x", now + 100},
		{"setbit k 99 1", now + 100},
		{"bitfield k set u8 0 1", now + 100},
		{"bitop not k k", 0},
		{"set k v exat 1", -1}, // in the past
	} {
		r.do(x.line)
		key := "k"
		if x.deadline == -1 && strings.Contains(x.line, " f ") {
			key = "none"
		}
		if r.wantDeadline(key, x.deadline); t.Failed() {
			t.Fatal(x.line)
		}
	}
}

// An expired key is as good as missing even before anything has removed it.
func TestSetOverExpired(t *testing.T) {
	for _, x := range []struct{ line, reply, value string }{
		{"set k new keepttl", "OK", `"new"`},
		{"set k new xx", "nil", "nil"},
		{"set k new nx get", "nil", `"new"`},
		{"append k new", "3", `"new"`},
		{"incr k", "1", `"1"`},
		{"incrbyfloat k 2", `"2"`, `"2"`},
		{"setrange k 1 x", "2", `"\x00x"`},
		{"setbit k 7 1", "0", `"\x01"`},
		{"bitop or k k", "0", "nil"},
		{"getdel k", "nil", "nil"},
		{"getex k persist", "nil", "nil"},
		{"msetnx k new j new", "1", `"new"`},
	} {
		r := newRig(t)
		r.do("set k 7 px 10")
		r.c.Now += 10
		r.want(x.line, x.reply)
		r.c.Now += 100
		r.want("get k", x.value)
		if x.value != "nil" {
			r.wantDeadline("k", 0)
		}
	}
}

func TestGetEx(t *testing.T) {
	r := newRig(t)
	now := r.c.Now
	r.do("set k v")
	r.talk([]exchange{
		{"getex none ex 0", "nil"},
		{"getex none ex x", "nil"},
		{"getex k ex 0", "-ERR invalid expire time in 'getex' command"},
		{"getex k ex x", "-" + ErrNotInteger},
		{"getex k keepttl", "-" + ErrSyntax},
		{"getex k nx", "-" + ErrSyntax},
		{"getex k ex 10 persist", "-" + ErrSyntax},
		{"getex k persist px 10", "-" + ErrSyntax},
		{"getex k", `"v"`},
	})
	r.wantDeadline("k", 0)
	r.want("getex k ex 10", `"v"`)
	r.wantDeadline("k", now+10000)
	r.want("getex k px 10", `"v"`)
	r.wantDeadline("k", now+10)
	r.want("getex k", `"v"`)
	r.wantDeadline("k", now+10)
	r.want("getex k persist", `"v"`)
	r.wantDeadline("k", 0)
	r.want("getex k exat 9999999999", `"v"`)
	r.wantDeadline("k", 9999999999000)
	r.want("getex k pxat 1", `"v"`)
	r.want("get k", "nil")
}

func TestStringEvents(t *testing.T) {
	r := newRig(t)
	r.wantEvents("set k v", 1, "new k", "set k")
	r.wantEvents("set k v", 1, "set k")
	r.wantEvents("set k v nx", 0)
	r.wantEvents("set k v xx get", 1, "set k")
	r.wantEvents("set k v ex 100", 1, "set k", "expire k")
	r.wantEvents("setex k 100 v", 1, "set k", "expire k")
	r.wantEvents("psetex n1 100 v", 1, "new n1", "set n1", "expire n1")
	r.wantEvents("setnx k v", 0)
	r.wantEvents("setnx n2 v", 1, "new n2", "set n2")
	r.wantEvents("getset k v", 1, "set k")
	r.wantEvents("getex k", 0)
	r.wantEvents("getex k persist", 0)
	r.wantEvents("getex k ex 100", 1, "expire k")
	r.wantEvents("getex k persist", 1, "persist k")
	r.wantEvents("getex k exat 1", 1, "del k")
	r.wantEvents("getdel k", 0)
	r.wantEvents("getdel n1", 1, "del n1")
	r.wantEvents("mset a 1 b 2", 2, "new a", "set a", "new b", "set b")
	r.wantEvents("msetnx a 1 c 2", 0)
	r.wantEvents("msetnx c 1 d 2 c 3", 3, "new c", "set c", "new d", "set d", "set c")
	r.wantEvents("append a 1", 1, "append a")
	r.wantEvents("append e 1", 1, "new e", "append e")
	r.wantEvents("setrange e 2 x", 1, "setrange e")
	r.wantEvents("setrange f 2 x", 1, "new f", "setrange f")
	r.wantEvents("incr g", 1, "new g", "incrby g")
	r.wantEvents("decrby g 5", 1, "incrby g")
	r.wantEvents("incrbyfloat g 5", 1, "incrbyfloat g")
	r.wantEvents("incrbyfloat h 5", 1, "new h", "incrbyfloat h")
	r.wantEvents("incr f", 0)
}

func TestAppendAndRanges(t *testing.T) {
	const tooLong = "-" + ErrTooLong
	r := newRig(t)
	r.putOther("l")
	r.talk([]exchange{
		{"append k abc", "3"},
		{"append k def", "6"},
		{"getrange k 0 -1", `"abcdef"`},
		{"getrange k 1 3", `"bcd"`},
		{"getrange k -3 -2", `"de"`},
		{"getrange k -100 1", `"ab"`},
		{"getrange k 4 100", `"ef"`},
		{"getrange k 6 7", `""`},
		{"getrange k 3 2", `""`},
		{"getrange k 0 -100", `"a"`},
		{"getrange k -100 -99", `"a"`},
		{"getrange k -99 -100", `""`},
		{"getrange none 0 1", `""`},
		{"substr k 0 0", `"a"`},
		{"getrange k x 0", "-" + ErrNotInteger},
		{"getrange l 0 0", wrongType},
		{"setrange k 2 XY", "6"},
		{"get k", `"abXYef"`},
		{"setrange k 8 Z", "9"},
		{"get k", `"abXYef\x00\x00Z"`},
		{"setrange k -1 x", "-" + ErrOffsetRange},
		{"setrange k x x", "-" + ErrNotInteger},
		{"setrange l 0 x", wrongType},
		{"setrange k 536870912 x", tooLong},
		{"setrange none 536870911 xx", tooLong},
		{"setrange none 9223372036854775807 xx", tooLong},
		{"append l x", wrongType},
		{"set n 1234567", "OK"},
		{"getrange n 2 4", `"345"`},
		{"setrange n 0 x", "7"},
		{"get n", `"x234567"`},
	})
	r.wantArgs("0", "setrange", "none", "5", "")
	r.wantArgs("9", "setrange", "k", "5", "")
	r.wantArgs("9", "setrange", "k", "999999999999", "")
	r.wantArgs("9", "append", "k", "")
	r.wantArgs("0", "append", "empty", "")
	r.want("get none", "nil")
	r.want("get empty", `""`)
	r.c.Limits.MaxBulkBytes = 10
	r.want("append k x", "10")
	r.want("append k x", tooLong)
	r.want("setrange k 9 x", "10")
	r.want("setrange k 9 xy", tooLong)
}

func TestStringEncodings(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("x", 45)
	for _, x := range []struct{ line, enc string }{
		{"set k 12", "int"},
		{"set k -9223372036854775808", "int"},
		{"set k 9223372036854775808", "embstr"},
		{"set k -0", "embstr"},
		{"set k " + long[1:], "embstr"},
		{"set k " + long, "raw"},
		{"getset k 5", "int"},
		{"mset k 6", "int"},
		{"append k 7", "raw"},
		{"incr k", "int"},
		{"incrbyfloat k 3", "embstr"},
		{"incr k", "int"},
		{"setrange k 0 9", "raw"},
		{"set k abc", "embstr"},
		{"setbit k 1 1", "raw"}, // the bit is set already
		{"set k 12", "int"},
		{"bitfield k set u8 0 1", "raw"},
		{"set k 12", "int"},
		{"bitop or k k", "raw"},
	} {
		r.do(x.line)
		if r.wantEncoding("k", x.enc); t.Failed() {
			t.Fatal(x.line)
		}
	}
	r.do("append new 12")
	r.wantEncoding("new", "int")
}

// Values above 64 KB lie in chunks; every command has to cross their borders.
func TestChunkedStrings(t *testing.T) {
	r := newRig(t)
	var b strings.Builder
	for i := 0; b.Len() < 300_000; i++ {
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(',')
	}
	text := b.String()
	r.wantArgs("OK", "set", "k", text)
	if got := r.run("get", "k"); got != "$"+strconv.Itoa(len(text))+"\r\n"+text+"\r\n" {
		t.Error("GET returned something else")
	}
	const border = 1 << 16
	for _, from := range []int{0, border - 1, border, border + 1, 2*border - 1, len(text) - 1} {
		for _, n := range []int{1, 2, border, border + 1, len(text)} {
			to := min(from+n, len(text)) - 1
			got := show(r.run("getrange", "k", strconv.Itoa(from), strconv.Itoa(to)))
			if got != strconv.Quote(text[from:to+1]) {
				t.Errorf("GETRANGE %d %d is wrong", from, to)
			}
		}
	}
	r.want("mget k none", "["+strconv.Quote(text)+" nil]")
	r.want("strlen k", strconv.Itoa(len(text)))
	r.want("incr k", "-"+ErrNotInteger)
	r.want("incrbyfloat k 1", "-"+ErrNotFloat)
	r.wantArgs(strconv.Itoa(len(text)+70_000), "append", "k", strings.Repeat("z", 70_000))
	r.wantArgs(strconv.Itoa(len(text)+70_000), "setrange", "k", strconv.Itoa(border-2), "ABCD")
	text = text[:border-2] + "ABCD" + text[border+2:] + strings.Repeat("z", 70_000)
	r.want("getset k v", strconv.Quote(text))
	r.want("get k", `"v"`)
	r.want("setrange gap 200000 x", "200001")
	r.want("get gap", strconv.Quote(strings.Repeat("\x00", 200_000)+"x"))
	r.want("getdel gap", strconv.Quote(strings.Repeat("\x00", 200_000)+"x"))
}

func TestIncr(t *testing.T) {
	const overflow = "-" + ErrOverflow
	r := newRig(t)
	r.putOther("l")
	r.talk([]exchange{
		{"incr n", "1"},
		{"incrby n 41", "42"},
		{"decr n", "41"},
		{"decrby n 50", "-9"},
		{"decrby n -9", "0"},
		{"incrby n 0", "0"},
		{"get n", `"0"`},
		{"incrby n x", "-" + ErrNotInteger},
		{"incrby l x", "-" + ErrNotInteger},
		{"incr l", wrongType},
		{"decrby n -9223372036854775808", "-ERR decrement would overflow"},
		{"decrby l -9223372036854775808", "-ERR decrement would overflow"},
		{"set n 9223372036854775806", "OK"},
		{"incrby n 2", overflow},
		{"incr n", "9223372036854775807"},
		{"incr n", overflow},
		{"incrby n 0", "9223372036854775807"},
		{"set n -9223372036854775807", "OK"},
		{"decr n", "-9223372036854775808"},
		{"decr n", overflow},
		{"incrby n -9223372036854775808", overflow},
		{"incrby n 9223372036854775807", "-1"},
		{"set n 9223372036854775808", "OK"},
		{"incr n", "-" + ErrNotInteger},
		{"set n 007", "OK"},
		{"incr n", "-" + ErrNotInteger},
		{"setrange r 0 15", "2"},
		{"incr r", "16"},
	})
}

func TestKeyspaceAccounts(t *testing.T) {
	r := newRig(t)
	r.do("set k v")
	r.do("get k")
	r.do("get none")
	r.do("mget k none none")
	r.do("incr none2")
	if r.c.Hits != 2 || r.c.Misses != 3 {
		t.Errorf("hits %d misses %d, want 2 and 3", r.c.Hits, r.c.Misses)
	}
	for _, call := range []struct {
		text         string
		hits, misses int64
	}{
		{"type k", 1, 0}, {"type none", 0, 1}, {"object encoding k", 1, 0}, {"object idletime none", 0, 1}, {"memory usage k", 0, 0},
		{"xread streams none 0", 0, 2}, {"exists k none", 1, 1}, {"ttl k", 1, 0}, {"del none", 0, 0},
	} {
		r.c.Hits, r.c.Misses = 0, 0
		r.do(call.text)
		if r.c.Hits != call.hits || r.c.Misses != call.misses {
			t.Errorf("%s: hits %d misses %d, want %d and %d", call.text, r.c.Hits, r.c.Misses, call.hits, call.misses)
		}
	}
	r.c.Clock = 77
	clock := func() uint32 {
		k := r.st.MakeKey([]byte("k"))
		r.st.Lock(k.Shard)
		defer r.st.Unlock(k.Shard)
		return r.st.Find(0, k, r.c.Now).Clock()
	}
	r.c.NoTouch = true
	r.do("get k")
	if clock() == 77 {
		t.Error("a read under NO-TOUCH moved the access clock")
	}
	r.c.NoTouch = false
	r.do("strlen k")
	if clock() != 77 {
		t.Error("a read left the access clock alone")
	}
}

// TestExistsLeavesTheClock: to look whether a key is there is no use of it.
func TestExistsLeavesTheClock(t *testing.T) {
	r := newRig(t)
	r.do("SET k v")
	clock := func() uint32 { return r.st.Find(0, r.st.MakeKey([]byte("k")), r.c.Now).Clock() }
	before := clock()
	r.c.Clock = before + 77
	for _, call := range []string{"EXISTS k", "TYPE k", "TTL k", "OBJECT ENCODING k", "OBJECT IDLETIME k"} {
		r.do(call)
		if clock() != before {
			t.Fatalf("%s moved the access clock", call)
		}
	}
	if r.do("GET k"); clock() != before+77 {
		t.Error("GET did not move it")
	}
}
