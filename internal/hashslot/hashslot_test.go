package hashslot

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestOf has what redis-server 7.0 says to CLUSTER KEYSLOT.
func TestOf(t *testing.T) {
	for key, want := range map[string]Slot{
		"":                     0,
		"a":                    15495,
		"foo":                  12182,
		"123456789":            12739, // the check value of CRC16/XMODEM, 0x31c3
		"{}a":                  10875,
		"{a":                   10276,
		"b{a}{c}":              15495,
		"{user1000}.following": 3443,
		"{user1000}.followers": 3443,
		"foo{{bar}}zap":        4015,
		"foo{bar}{zap}":        5061,
		"foo{}{bar}":           8363,
	} {
		if got := Of([]byte(key)); got != want {
			t.Errorf("slot of %q: %d, not %d", key, got, want)
		}
	}
}

// TestCRCByTables compares the tables with division bit by bit, at all lengths around a step.
func TestCRCByTables(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := range 64 {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(rnd.Uint32())
		}
		want := uint16(0)
		for _, b := range p {
			want ^= uint16(b) << 8
			for range 8 {
				if want&0x8000 != 0 {
					want = want<<1 ^ 0x1021
				} else {
					want <<= 1
				}
			}
		}
		if got := crc16(p); got != want {
			t.Errorf("checksum of %x: %#x, not %#x", p, got, want)
		}
		if got := Of(p); bytes.IndexByte(p, '{') < 0 && got != Slot(want%Slots) {
			t.Errorf("slot of %x: %d, not %d", p, got, want%Slots)
		}
	}
}

// TestSlotOfTag: the braces are found wherever they stand in a key.
func TestSlotOfTag(t *testing.T) {
	want := Slot(crc16([]byte("tag")) % Slots)
	for before := range 20 {
		for after := range 20 {
			key := strings.Repeat("z", before) + "{tag}" + strings.Repeat("{}", after)
			if got := Of([]byte(key)); got != want {
				t.Errorf("slot of %q: %d, not %d", key, got, want)
			}
		}
		key := strings.Repeat("z", before) + "{}tag"
		if got, want := Of([]byte(key)), Slot(crc16([]byte(key))%Slots); got != want {
			t.Errorf("slot of %q: %d, not %d", key, got, want)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	key := []byte("key:000000000123")
	for b.Loop() {
		Of(key)
	}
}
