package resp

import (
	"fmt"
	"strings"
	"testing"
)

// TestCut leaves commands of full batches in the source: they come again, and nothing else does.
func TestCut(t *testing.T) {
	var text strings.Builder
	const all = 20 * MaxBatch
	for i := range all {
		text.WriteString(multibulk("ECHO", fmt.Sprint(i)))
		if i%7 == 0 {
			text.WriteString("\r\n*0\r\n") // nothing, which is skipped
		}
	}
	src := &loopSource{data: []byte(text.String())}
	var p Parser
	lim := DefaultLimits()
	b := GetBatch()
	defer b.Release()
	cuts := 0
	for next, round := 0, 1; next < all; round++ {
		if err := p.Parse(src, b, MaxBatch, &lim); err != nil {
			t.Fatal(err)
		}
		if b.Cut(0) {
			t.Fatal("a batch was cut before its first command")
		}
		had, at := b.N, round%MaxBatch
		if at < had && b.Cut(at) {
			cuts++
			had = at
		}
		if b.N != had {
			t.Fatalf("%d commands, want %d", b.N, had)
		}
		for _, c := range b.Cmds[:b.N] {
			if want := fmt.Sprint(next); string(c.Args[1]) != want {
				t.Fatalf("%s, want %s", c.Args[1], want)
			}
			next++
		}
		p.Done(src, b)
	}
	if cuts < 10 {
		t.Errorf("%d batches were cut", cuts)
	}
}

// TestCutOfPieces does not leave a command in the source that has been put together from pieces of it.
func TestCutOfPieces(t *testing.T) {
	src := &loopSource{data: []byte(multibulk("PING") + "PING\r\n" + multibulk("PING"))}
	var p Parser
	lim := DefaultLimits()
	b := GetBatch()
	defer b.Release()
	if err := p.Parse(src, b, MaxBatch, &lim); err != nil || b.N != 3 {
		t.Fatal(err, b.N)
	}
	bytes := b.Bytes
	if b.Cut(1) || b.N != 3 || b.Bytes != bytes {
		t.Errorf("cut to %d commands, %d bytes of %d", b.N, b.Bytes, bytes)
	}
	if !b.Cut(2) || b.N != 2 || b.Bytes != bytes-len(multibulk("PING")) {
		t.Errorf("cut to %d commands, %d bytes of %d", b.N, b.Bytes, bytes)
	}
	p.Done(src, b)
}
