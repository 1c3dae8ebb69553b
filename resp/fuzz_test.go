package resp

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/tidwall/redcon"
)

// feedCuts feeds data in pieces whose lengths are the bytes of cuts, repeated.
func feedCuts(tb testing.TB, data, cuts []byte, nodes, max int, lim Limits) feedResult {
	f := newFeeder(tb, nodes, lim)
	f.max = max
	f.direct = true
	for i := 0; len(data) > 0; i++ {
		n := len(data)
		if len(cuts) > 0 {
			n = min(1+int(cuts[i%len(cuts)]), n)
		}
		f.write(data[:n])
		data = data[n:]
	}
	return f.end()
}

// redconCommands decodes well-formed multibulk commands by an independent parser.
func redconCommands(tb testing.TB, data []byte) [][]string {
	var cmds [][]string
	for len(data) > 0 {
		complete, args, kind, rest, err := redcon.ReadNextCommand(data, nil)
		if err != nil || !complete || kind != redcon.Redis {
			tb.Fatalf("redcon: complete %v, kind %v, %v at %.60q", complete, kind, err, data)
		}
		cmds = append(cmds, texts(args))
		data = rest
	}
	return cmds
}

// FuzzParser: however data is cut into reads and nodes, the parser makes the same of
// it; and what it makes of it is, written as plain multibulk commands, read the same
// by redcon and by itself.
func FuzzParser(f *testing.F) {
	for i, data := range pipelines() {
		f.Add(data, []byte{0}, byte(i))
		f.Add(data, []byte{3, 1, 16}, byte(i*16))
	}
	for _, tc := range protoErrors {
		if len(tc.in) < 100 {
			f.Add([]byte(multibulk("GET", "a")+tc.in), []byte{2, 0}, byte(1))
		}
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte, how byte) {
		if len(data) > 4096 {
			return
		}
		lim := smallLimits()
		if how&0x80 != 0 {
			lim = PreAuthLimits()
			lim.MaxInlineBytes = 100
		}
		nodes, max := int(how&15), 1+int(how>>4&7)*5
		want := parseWhole(t, data, lim)
		if got := feedCuts(t, data, cuts, nodes, max, lim); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q cut by %v over nodes of %d:\n got %+v\nwant %+v", data, cuts, nodes, got, want)
		}
		var plain []byte
		for _, cmd := range want.cmds {
			plain = append(plain, multibulk(cmd...)...)
		}
		if bytes.Equal(plain, data) && !reflect.DeepEqual(redconCommands(t, data), want.cmds) {
			t.Fatalf("%q: %q, but redcon says %q", data, want.cmds, redconCommands(t, data))
		}
		again := feedCuts(t, plain, cuts, nodes, max, DefaultLimits())
		if again.err != "" || !reflect.DeepEqual(again.cmds, want.cmds) || !reflect.DeepEqual(redconCommands(t, plain), want.cmds) {
			t.Fatalf("%q: %q, as multibulk %q", data, want.cmds, again.cmds)
		}
	})
}
