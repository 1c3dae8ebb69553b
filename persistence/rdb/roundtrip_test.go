package rdb

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// TestRoundTrip: what is written is read, in all versions, compressed or not, whole or in
// parts, whatever the pieces in which the input arrives.
func TestRoundTrip(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		g := newGenerator(seed)
		f := Format{Version: OldestVersion + int(seed%3), Compress: seed%2 == 0, Checksum: true, Limits: DefaultLimits}
		g.deadlines = f.Version == DeadlineVersion
		c := g.contents(24)
		if f.Version < DefaultVersion {
			forgetActive(c)
		}
		for _, hints := range []bool{false, true} {
			file := writeAll(t, f, c, hints)
			inputs := []io.Reader{bytes.NewReader(file), iotest.HalfReader(bytes.NewReader(file)), iotest.DataErrReader(bytes.NewReader(file))}
			for i, in := range inputs {
				got, err := readAll(in, []int64{0, 100, 5000}[i])
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if got.Version != f.Version {
					t.Fatalf("version %d", got.Version)
				}
				compare(t, got, c)
			}
		}
	}
}

// forgetActive: before version 11 nobody wrote when a consumer was active.
func forgetActive(c *contents) {
	for _, r := range c.Records {
		if r.Stream != nil {
			for _, g := range r.Stream.Groups {
				for i := range g.Consumers {
					g.Consumers[i].Active = g.Consumers[i].Seen
				}
			}
		}
	}
}

// TestPayloads: what DUMP writes, RESTORE reads.
func TestPayloads(t *testing.T) {
	g := newGenerator(7)
	g.deadlines = true
	c := g.contents(120)
	e := NewEncoder(Format{Compress: true, Limits: DefaultLimits})
	var d Decoder
	for i := range c.Records {
		r := &c.Records[i]
		e.BeginDump()
		writeRecord(e, r, i%2 == 0)
		p, err := e.EndDump()
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseDump(p)
		if err != nil {
			t.Fatalf("%q: %v", r.Key, err)
		}
		if err := d.validate(&v); err != nil {
			t.Fatalf("%q: %v", r.Key, err)
		}
		got := record{DB: r.DB, Key: r.Key, Deadline: r.Deadline, Idle: r.Idle, Freq: r.Freq, Kind: v.KindOf()}
		if err := readPart(&d, &v, true, true, &got); err != nil {
			t.Fatal(err)
		}
		compare(t, &contents{Records: []record{got}}, &contents{Records: []record{*r}})
	}
}
