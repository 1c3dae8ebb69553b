package resp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func smallLimits() Limits {
	return Limits{MaxBulkBytes: 200 << 10, MaxArgs: 1000, MaxInlineBytes: 100}
}

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(Parser{}); n > 96 {
		t.Errorf("Parser has %d bytes", n)
	}
}

func TestParseCommands(t *testing.T) {
	long := strings.Repeat("x", 12345)
	for _, tc := range []struct {
		in   string
		want [][]string
	}{
		{"*1\r\n$4\r\nPING\r\n", [][]string{{"PING"}}},
		{"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n", [][]string{{"SET", "k", ""}}},
		{"*0\r\n*-1\r\n*-9223372036854775808\r\n\r\n\n \t\r\n*1\r\n$4\r\nPING\r\n*0\r\n", [][]string{{"PING"}}},
		{multibulk("GET", "a\r\nb\x00") + multibulk("SET", long, long), [][]string{{"GET", "a\r\nb\x00"}, {"SET", long, long}}},
		{"PING\nPING\r\nPING\r\r\n", [][]string{{"PING"}, {"PING"}, {"PING"}}},
		{"*1\rx$4\rxPINGxx*1\r\n$4\r\nPING\r\n", [][]string{{"PING"}, {"PING"}}}, // Redis checks no LF, no CRLF behind a bulk
		{"*1\r\n$4\r\nPING\r\nECHO x\r\n" + multibulk("ECHO", "y"), [][]string{{"PING"}, {"ECHO", "x"}, {"ECHO", "y"}}},
		{"*2\r\n$4\r\nLLEN\r\n$6\r\nmyl", nil},
		{"", nil},
	} {
		got := parseWhole(t, []byte(tc.in), DefaultLimits())
		if got.err != "" || !reflect.DeepEqual(got.cmds, tc.want) {
			t.Errorf("%.60q: %.200q, error %q", tc.in, got.cmds, got.err)
		}
	}
}

// protoErrors are inputs and the answers of redis-server 7.0.15 to them ("" where it
// waits for more). TestOracle holds the table against an installed server.
var protoErrors = []struct{ in, err string }{
	{"*x\r\n", "invalid multibulk length"},
	{"*3x\r\n", "invalid multibulk length"},
	{"*\r\n", "invalid multibulk length"},
	{"*03\r\n", "invalid multibulk length"},
	{"*+3\r\n", "invalid multibulk length"},
	{"*-0\r\n", "invalid multibulk length"},
	{"* 1\r\n", "invalid multibulk length"},
	{"*2147483648\r\n", "invalid multibulk length"},
	{"*9223372036854775808\r\n", "invalid multibulk length"},
	{"*111111111111111111111111111111111111\r\n", "invalid multibulk length"},
	{"*1\n$4\r\n", "invalid multibulk length"},
	{"*2147483647\r\n", ""},
	{"*1\r\nxfoo\r\n", "expected '$', got 'x'"},
	{"*1\r\nxfoo", ""},
	{"*1\r\nxfoo\r", ""},
	{"*1\r\n:4\r\n", "expected '$', got ':'"},
	{"*1\r\n\r\n", "expected '$', got ' '"},
	{"*1\r\n\r$4\r\n", "expected '$', got ' '"},
	{"*1\r\n\n\r\n", "expected '$', got ' '"},
	{"*1\r\n\xff\r\n", "expected '$', got '\xff'"},
	{"*2\r\n$1\r\na\r\n*1\r\n", "expected '$', got '*'"},
	{"*1\r\n$-1\r\n", "invalid bulk length"},
	{"*1\r\n$x\r\n", "invalid bulk length"},
	{"*1\r\n$\r\n", "invalid bulk length"},
	{"*1\r\n$04\r\nPING\r\n", "invalid bulk length"},
	{"*1\r\n$00\r\n", "invalid bulk length"},
	{"*1\r\n$4 \r\nPING\r\n", "invalid bulk length"},
	{"*1\r\n$536870913\r\n", "invalid bulk length"},
	{"*1\r\n$536870912\r\n", ""},
	{"*1\n$4\nPING\n", ""},
	{"*1\x00\r\n", ""},
	{"PI\x00NG\r\n", ""},
	{strings.Repeat("A", 65536), ""},
	{strings.Repeat("A", 65537), "too big inline request"},
	{"PI\x00NG\r\n" + strings.Repeat("A", 65530), "too big inline request"},
	{"*" + strings.Repeat("1", 65535), ""},
	{"*" + strings.Repeat("1", 65536), "too big mbulk count string"},
	{"*1\x00\r\n" + strings.Repeat("1", 65536), "too big mbulk count string"},
	{"*1\r\n" + strings.Repeat("$", 65536), ""},
	{"*1\r\n" + strings.Repeat("$", 65537), "too big bulk count string"},
	{"PING \"a\r\n", "unbalanced quotes in request"},
	{"ECHO \"a\"b\r\n", "unbalanced quotes in request"},
	{"ECHO 'a'b\r\n", "unbalanced quotes in request"},
	{"ECHO \"a\\\n", "unbalanced quotes in request"},
	{"ECHO 'a\\'\n", "unbalanced quotes in request"},
}

// preAuthErrors are the same for a server with requirepass.
var preAuthErrors = []struct{ in, err string }{
	{"*10\r\n", ""},
	{"*11\r\n", "unauthenticated multibulk length"},
	{"*2147483647\r\n", "unauthenticated multibulk length"},
	{"*2147483648\r\n", "invalid multibulk length"},
	{"*1\r\n$16384\r\n", ""},
	{"*1\r\n$16385\r\n", "unauthenticated bulk length"},
	{"*1\r\n$536870912\r\n", "unauthenticated bulk length"},
	{"*1\r\n$536870913\r\n", "invalid bulk length"},
	{strings.Repeat("A", 65537), "too big inline request"},
}

func TestProtocolErrors(t *testing.T) {
	check := func(lim Limits, in, want string) {
		t.Helper()
		if want != "" {
			want = "Protocol error: " + want
		}
		for _, nodes := range []int{0, 1, 7} {
			if len(in) > 1000 {
				nodes *= 1000
			}
			f := newFeeder(t, nodes, lim)
			f.write([]byte(multibulk("PING")))
			f.write([]byte(in))
			if f.err != want {
				t.Errorf("%.40q in nodes of %d: %q, want %q", in, nodes, f.err, want)
			}
			if len(f.cmds) != 1 {
				t.Errorf("%.40q: commands %q", in, f.cmds)
			}
			if want != "" { // it stays that way
				if err := f.p.Parse(f.src, f.b, 1, &lim); err == nil || err.Error() != want {
					t.Errorf("%.40q again: %v", in, err)
				}
			}
			f.end()
		}
	}
	for _, tc := range protoErrors {
		check(DefaultLimits(), tc.in, tc.err)
	}
	for _, tc := range preAuthErrors {
		check(PreAuthLimits(), tc.in, tc.err)
	}
}

func TestErrorBehindCommands(t *testing.T) {
	src := SliceSource(multibulk("SET", "a", "1") + "GET a\r\n*1\r\n!\r\n")
	var p Parser
	b := GetBatch()
	defer b.Release()
	lim := DefaultLimits()
	err := p.Parse(&src, b, MaxBatch, &lim)
	if err == nil || b.N != 2 || string(b.Cmds[1].Args[1]) != "a" {
		t.Fatal(err, b.N)
	}
	p.Done(&src, b)
	p.Reset()
}

// TestPreAuthLimitsEndWithAuth: the command behind AUTH is judged by the limits that
// hold after it.
func TestPreAuthLimitsEndWithAuth(t *testing.T) {
	val := strings.Repeat("v", 20000)
	src := SliceSource(multibulk("AUTH", "x") + multibulk("SET", "k", val))
	var p Parser
	b := GetBatch()
	defer b.Release()
	lim := PreAuthLimits()
	if err := p.Parse(&src, b, MaxBatch, &lim); err != nil || b.N != 1 {
		t.Fatal(err, b.N)
	}
	p.Done(&src, b)
	lim = DefaultLimits()
	if err := p.Parse(&src, b, MaxBatch, &lim); err != nil || b.N != 1 || len(b.Cmds[0].Args[2]) != 20000 {
		t.Fatal(err, b.N)
	}
	p.Done(&src, b)
}

func TestConfiguredLimits(t *testing.T) {
	lim := smallLimits()
	for in, want := range map[string]string{
		"*1000\r\n":                          "",
		"*1001\r\n":                          "Protocol error: invalid multibulk length",
		"*1\r\n$204800\r\n":                  "",
		"*1\r\n$204801\r\n":                  "Protocol error: invalid bulk length",
		strings.Repeat("x", 100) + "\r":      "Protocol error: too big inline request",
		strings.Repeat("x", 100):             "",
		strings.Repeat("x", 101) + "\n":      "Protocol error: too big inline request",
		"*1\r\n$" + strings.Repeat("1", 100): "Protocol error: too big bulk count string",
	} {
		if got := parseWhole(t, []byte(in), lim); got.err != want {
			t.Errorf("%.30q: %q, want %q", in, got.err, want)
		}
	}
	lim.MaxBulkBytes = 3
	if got := parseWhole(t, []byte(multibulk("GET", "abcd")), lim); got.err == "" || got.cmds != nil {
		t.Errorf("fast path passes the limit: %q", got.cmds)
	}
}

// pipelines are whole streams; some end within a command or with an error.
func pipelines() [][]byte {
	var all [][]byte
	add := func(parts ...string) { all = append(all, []byte(strings.Join(parts, ""))) }
	add(multibulk("SET", "key:1", "value"), multibulk("GET", "key:1"), multibulk("PING"))
	add("*0\r\n", multibulk("DEL", "a", "b", ""), "\r\n", "PING\r\n", "*-1\r\n", multibulk("PING"))
	add("SET \"a b\\x41\\n\" 'it\\'s' pl\"ai\\tn\"\r\n", multibulk("GET", strings.Repeat("k", 30)))
	add(multibulk("MSET", "a", "1", "b", "22", "c", strings.Repeat("3", 120)), "ECHO x\n")
	add("*1\rx$4\ryPINGzz", multibulk("PING"))
	add(multibulk("GET", "a"), "*2\r\n$3\r\nGET\r\n$x\r\n", multibulk("PING"))
	add(multibulk("GET", "a"), "*2\r\n$3\r\nGET\r\n\r\n")
	add("PING\r\n", "ECHO \"a\r\n", "PING\r\n")
	add("*12\r\n", strings.Repeat("$0\r\n\r\n", 12), multibulk("A", "b"))
	add(multibulk("GET", "a"), strings.Repeat("y", 101))
	add("AB\x00CD\r\nPING\r\n")
	add("*11\r\n", strings.Repeat("$11\r\n01234567891\r\n", 11), "*3\r\n$3\r\nSET\r\n$1\r")
	return all
}

// TestEverySplit cuts each pipeline at every byte into two pieces, at all pairs of
// bytes into three, and into single bytes, over nodes of several sizes.
func TestEverySplit(t *testing.T) {
	every := 1
	if testing.Short() {
		every = 8
	}
	for i, data := range pipelines() {
		want := parseWhole(t, data, smallLimits())
		if len(want.cmds) == 0 && want.err == "" && i != 10 {
			t.Fatalf("pipeline %d gives nothing", i)
		}
		check := func(nodes int, pieces ...[]byte) {
			f := newFeeder(t, nodes, smallLimits())
			for _, p := range pieces {
				f.write(p)
			}
			if got := f.end(); !reflect.DeepEqual(got, want) {
				t.Fatalf("pipeline %d, nodes of %d, pieces %q:\n got %+v\nwant %+v", i, nodes, pieces, got, want)
			}
		}
		var single [][]byte
		for j := range data {
			single = append(single, data[j:j+1])
		}
		for _, nodes := range []int{0, 1, 2, 3, 5, 16, 64} {
			check(nodes, data)
			check(nodes, single...)
			for j := 0; j <= len(data); j++ {
				check(nodes, data[:j], data[j:])
			}
		}
		for j := 0; j <= len(data); j++ {
			for k := j; k <= len(data); k += every + k%3 {
				check(0, data[:j], data[j:k], data[k:])
			}
		}
	}
}

// TestBatchLimits: a pipeline longer than a batch, and small max values.
func TestBatchLimits(t *testing.T) {
	data := bytes.Repeat([]byte(multibulk("GET", "k")+"PING\r\n\r\n"), 100)
	want := parseWhole(t, data, DefaultLimits())
	if len(want.cmds) != 200 {
		t.Fatal(len(want.cmds))
	}
	for _, max := range []int{1, 2, 31} {
		for _, nodes := range []int{0, 10, 100} {
			f := newFeeder(t, nodes, DefaultLimits())
			f.max = max
			f.write(data)
			if got := f.end(); !reflect.DeepEqual(got, want) {
				t.Fatalf("max %d, nodes of %d differ", max, nodes)
			}
		}
	}
	var p Parser
	src := SliceSource(data)
	b := GetBatch()
	defer b.Release()
	lim := DefaultLimits()
	for i := 1; i <= MaxBatch+5; i++ { // several calls fill one batch
		if err := p.Parse(&src, b, 1, &lim); err != nil || b.N != min(i, MaxBatch) {
			t.Fatal(err, b.N)
		}
	}
	p.Reset()
}

// TestWireBytes: every byte is accounted for.
func TestWireBytes(t *testing.T) {
	data := []byte(multibulk("SET", "k", "v") + "PING\r\n" + multibulk("GET", strings.Repeat("k", 99)))
	for _, nodes := range []int{0, 1, 9} {
		f := newFeeder(t, nodes, DefaultLimits())
		f.write(data)
		if want := []int{27, 6, len(data) - 33}; !reflect.DeepEqual(f.wire, want) {
			t.Errorf("%v of %d", f.wire, len(data))
		}
		if f.src.Len() != 0 {
			t.Errorf("%d bytes left", f.src.Len())
		}
		f.end()
	}
}

// TestWire: the text of a command is at hand if it came in one piece and is what AppendCommand writes, which the
// feeder looks at.
func TestWire(t *testing.T) {
	ten, long := strings.Repeat("x", 10), strings.Repeat("x", 1234)
	many := make([]string, 12)
	odd := "*1\rx$4\r\nPING\r\n" + "*1\r\n$4\rxPING\r\n" + "*1\r\n$4\r\nPINGx\n" + "*2\r\n$4\r\nPING\r\n$10\rx" + ten + "\r\n" +
		"*2\r\n$4\r\nPING\r\n$1234\rx" + long + "\r\n" + "PING\r\n" + strings.Replace(multibulk(many...), "*12\r\n", "*12\rx", 1)
	f := newFeeder(t, 0, DefaultLimits())
	f.write([]byte(odd + multibulk("SET", "k", "") + multibulk("SET", ten, long) + multibulk(many...)))
	if want := []bool{7: true, 8: true, 9: true}; !reflect.DeepEqual(f.whole, want) {
		t.Errorf("%v of %q", f.whole, f.cmds)
	}
	f.end()
	f = newFeeder(t, 20, DefaultLimits())
	f.write([]byte(multibulk("SET", "k", "v")))
	if !reflect.DeepEqual(f.whole, []bool{false}) {
		t.Error("the text of a command in two pieces is at hand")
	}
	f.end()
}

// TestNotRescanned: parsing a long command byte by byte takes a bounded number of
// peeks per byte, however long it has become.
func TestNotRescanned(t *testing.T) {
	args := []string{"MSET"}
	for i := range 500 {
		args = append(args, fmt.Sprint("key", i), "value")
	}
	data := []byte(multibulk(args...))
	f := newFeeder(t, 0, DefaultLimits())
	f.src.size = 64 << 10
	for i := range data {
		f.src.peeks = 0
		f.write(data[i : i+1])
		if f.src.peeks > 4 {
			t.Fatalf("%d peeks for byte %d", f.src.peeks, i)
		}
	}
	if len(f.cmds) != 1 || len(f.cmds[0]) != 1001 {
		t.Fatal(len(f.cmds))
	}
	f.end()
}

// TestPeeksPerNode: one PeekAt per node, and one that finds the end.
func TestPeeksPerNode(t *testing.T) {
	data := bytes.Repeat([]byte(multibulk("SET", key16, val64)), 30)
	f := newFeeder(t, 256, DefaultLimits())
	f.src.write(data)
	f.src.peeks = 0
	if err := f.p.Parse(f.src, f.b, MaxBatch, &f.lim); err != nil || f.b.N != 30 {
		t.Fatal(err, f.b.N)
	}
	if most := len(f.src.nodes) + 1; f.src.peeks > most {
		t.Errorf("%d peeks for %d nodes", f.src.peeks, len(f.src.nodes))
	}
	f.p.Done(f.src, f.b)
	f.end()
}

// TestViewsAreViews: arguments within a node are not copied, and cannot be appended to
// in place.
func TestViewsAreViews(t *testing.T) {
	data := []byte(multibulk("GET", "abc") + "ECHO hello\r\n")
	src := SliceSource(data)
	var p Parser
	b := GetBatch()
	defer b.Release()
	lim := DefaultLimits()
	if err := p.Parse(&src, b, MaxBatch, &lim); err != nil || b.N != 2 {
		t.Fatal(err)
	}
	for i, arg := range [][]byte{b.Cmds[0].Args[1], b.Cmds[1].Args[1]} {
		if cap(arg) != len(arg) {
			t.Errorf("argument %d has room behind it", i)
		}
		arg[0] = 'X'
	}
	if !bytes.Contains(data, []byte("Xbc")) || !bytes.Contains(data, []byte("Xello")) {
		t.Error("arguments were copied")
	}
}

// TestClaimsAllocateNothing: announced counts and lengths cost no memory.
func TestClaimsAllocateNothing(t *testing.T) {
	for _, in := range []string{"*2147483647\r\n", "*2\r\n$536870912\r\n", "*100000\r\n$1\r\na\r\n"} {
		f := newFeeder(t, 0, DefaultLimits())
		f.write([]byte(in))
		if n := f.p.Buffered(); n > BigBulkFirstBytes+64<<10 {
			t.Errorf("%q holds %d bytes", in, n)
		}
		f.end()
	}
}

// TestRandomSplits feeds random pipelines of all kinds in random pieces, with and
// without Direct.
func TestRandomSplits(t *testing.T) {
	rng, rounds := rand.New(rand.NewPCG(1, 2)), 60
	if testing.Short() {
		rounds = 15
	}
	sizes := []int{0, 1, 2, 9, 10, 63, 99, 100, 999, 5000, 16384, 40000, 70000, 150000}
	for range rounds {
		var data []byte
		for range 1 + rng.IntN(6) {
			args := make([]string, 1+rng.IntN(5))
			for i := range args {
				args[i] = strings.Repeat(string(rune('a'+i)), sizes[rng.IntN(len(sizes))])
			}
			data = append(data, multibulk(args...)...)
			if rng.IntN(3) == 0 {
				data = append(data, "ECHO \"x y\" z\r\n"...)
			}
		}
		want := parseWhole(t, data, smallLimits())
		for _, direct := range []bool{false, true} {
			f := newFeeder(t, 1+rng.IntN(20000), smallLimits())
			f.direct = direct
			for rest := data; len(rest) > 0; {
				n := min(1+rng.IntN(1+rng.IntN(50000)), len(rest))
				f.write(rest[:n])
				rest = rest[n:]
			}
			if got := f.end(); !reflect.DeepEqual(got, want) {
				t.Fatalf("direct %v: %d commands and %q, want %d and %q", direct, len(got.cmds), got.err, len(want.cmds), want.err)
			}
		}
	}
}

func TestAllocsPerPipeline(t *testing.T) {
	if raceEnabled {
		t.Skip("allocation counts need sync.Pool to keep things")
	}
	pipe := strings.Repeat(multibulk("SET", key16, val64)+multibulk("GET", key16), 32)
	for _, node := range []int{1 << 20, 1000, 100} {
		src := &ringSource{data: []byte(pipe), node: node}
		var p Parser
		b := GetBatch()
		lim := DefaultLimits()
		var sink Discard
		var w Writer
		n := 0
		allocs := testing.AllocsPerRun(200, func() {
			for {
				if err := p.Parse(src, b, MaxBatch, &lim); err != nil || b.N == 0 {
					t.Fatal(err, b.N)
				}
				w.Bind(&sink, RESP2)
				for i := range b.N {
					if args := b.Cmds[i].Args; len(args) == 3 {
						w.OK()
					} else {
						w.Bulk(args[1])
					}
				}
				w.Flush()
				n += b.N
				p.Done(src, b)
				if src.at == 0 {
					return
				}
			}
		})
		if allocs != 0 || n != 64*201 {
			t.Errorf("nodes of %d: %v allocations for 64 commands (%d)", node, allocs, n)
		}
		b.Release()
	}
}

// TestDirect follows one big bulk through its life.
func TestDirect(t *testing.T) {
	const size = 5 << 20
	val := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	head := fmt.Sprintf("*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$%d\r\n", size)
	tail := "\r\n$2\r\nNX\r\n" + multibulk("GET", "key")
	f := newFeeder(t, 10, DefaultLimits())
	f.write([]byte(multibulk("PING") + head + string(val[:100])))
	if len(f.cmds) != 1 || f.p.Direct() == nil || f.src.Len() != 0 || len(f.src.nodes) != 0 {
		t.Fatalf("%d commands, %d bytes in the source", len(f.cmds), f.src.Len())
	}
	if n := f.p.Buffered(); n < 100 || n > 2*BigBulkFirstBytes {
		t.Fatalf("%d bytes buffered at the start", n)
	}
	f.direct = true
	rest := val[100:]
	for len(rest) > 0 && f.p.Direct() != nil {
		n := min(100_000, len(rest))
		f.write(rest[:n])
		rest = rest[n:]
		if got, held := size-len(rest), f.p.Buffered(); held > 2*max(got+BigBulkBytes, BigBulkFirstBytes)+scratchMinBytes*2 {
			t.Fatalf("%d bytes held for %d", held, got)
		}
	}
	f.write(append(rest[:len(rest):len(rest)], tail...))
	got := f.end()
	if len(got.cmds) != 3 || got.err != "" {
		t.Fatalf("%d commands, %q", len(got.cmds), got.err)
	}
	set := got.cmds[1]
	if set[0] != "SET" || set[1] != "key" || set[2] != string(val) || set[3] != "NX" || got.cmds[2][0] != "GET" {
		t.Fatalf("SET %.10q %.10q, GET %q", set[1], set[2], got.cmds[2])
	}
	if want := len(head) + size + len("\r\n$2\r\nNX\r\n"); got.wire[1] != want {
		t.Errorf("%d bytes on the wire, want %d", got.wire[1], want)
	}
}

// TestBigBulkWaitsForBatch: views of the batch keep the source as it is.
func TestBigBulkWaitsForBatch(t *testing.T) {
	src := &nodeSource{size: 50}
	src.write([]byte(multibulk("GET", "k") + "*2\r\n$4\r\nECHO\r\n$100000\r\nabc"))
	had := src.Len()
	var p Parser
	b := GetBatch()
	defer b.Release()
	lim := DefaultLimits()
	if err := p.Parse(src, b, MaxBatch, &lim); err != nil || b.N != 1 || p.Direct() != nil || src.Len() != had {
		t.Fatal(err, b.N, src.Len())
	}
	if got := string(b.Cmds[0].Args[1]); got != "k" {
		t.Fatalf("%q", got)
	}
	p.Done(src, b)
	if err := p.Parse(src, b, MaxBatch, &lim); err != nil || b.N != 0 || len(p.Direct()) != 100002-3 || src.Len() != 0 {
		t.Fatal(err, b.N, len(p.Direct()), src.Len())
	}
	p.Reset()
}

// TestDrain: a huge command of many small arguments leaves the source as it grows.
func TestDrain(t *testing.T) {
	args := []string{"MSET"}
	for i := range 40_000 {
		args = append(args, fmt.Sprint("key", i), strings.Repeat("v", i%40))
	}
	data := []byte(multibulk("PING") + multibulk(args...) + multibulk("PING"))
	f := newFeeder(t, 4096, DefaultLimits())
	most := 0
	for rest := data; len(rest) > 0; {
		n := min(10_000, len(rest))
		f.write(rest[:n])
		rest = rest[n:]
		most = max(most, f.src.Len())
	}
	if most > DrainBytes+10_000 {
		t.Errorf("%d bytes waited in the source", most)
	}
	got := f.end()
	if len(got.cmds) != 3 || !reflect.DeepEqual(got.cmds[1], args) || got.wire[1] != len(data)-28 {
		t.Fatalf("%d commands, %v bytes", len(got.cmds), got.wire)
	}
}
