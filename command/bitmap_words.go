package command

import (
	"encoding/binary"
	"math/bits"
)

// The kernels of the bitmap commands. They work on 8-byte words; a word is loaded
// little endian where the order of its bits does not matter, and big endian where
// it does, because bit 0 of a bitmap is the highest bit of its first byte.

// countBits returns the number of set bits in b.
func countBits(b []byte) int64 {
	var n0, n1, n2, n3 int
	for len(b) >= 32 {
		w := b[:32:32]
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(w[0:]))
		n1 += bits.OnesCount64(binary.LittleEndian.Uint64(w[8:]))
		n2 += bits.OnesCount64(binary.LittleEndian.Uint64(w[16:]))
		n3 += bits.OnesCount64(binary.LittleEndian.Uint64(w[24:]))
		b = b[32:]
	}
	for len(b) >= 8 {
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for _, c := range b {
		n1 += bits.OnesCount8(c)
	}
	return int64(n0 + n1 + n2 + n3)
}

// findBit returns the position of the first bit of b that equals bit, -1 when there
// is none.
func findBit(b []byte, bit byte) int64 {
	var flip uint64 // turns the bits looked for into ones
	if bit == 0 {
		flip = ^uint64(0)
	}
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if w := binary.LittleEndian.Uint64(b[i:]) ^ flip; w != 0 {
			return int64(i)*8 + int64(bits.LeadingZeros64(bits.ReverseBytes64(w)))
		}
	}
	for ; i < len(b); i++ {
		if c := b[i] ^ byte(flip); c != 0 {
			return int64(i)*8 + int64(bits.LeadingZeros8(c))
		}
	}
	return -1
}

// bitOp is an operation of BITOP.
type bitOp uint8

const (
	bitAnd bitOp = iota
	bitOr
	bitXor
	bitNot
)

// combine folds src into the first bytes of dst, which is at least as long:
// dst[i] = dst[i] op src[i]. op is not bitNot.
func (op bitOp) combine(dst, src []byte) {
	n := len(src)
	dst = dst[:n]
	i := 0
	switch op {
	case bitAnd:
		for ; i+8 <= n; i += 8 {
			put64(dst[i:], get64(dst[i:])&get64(src[i:]))
		}
		for ; i < n; i++ {
			dst[i] &= src[i]
		}
	case bitOr:
		for ; i+8 <= n; i += 8 {
			put64(dst[i:], get64(dst[i:])|get64(src[i:]))
		}
		for ; i < n; i++ {
			dst[i] |= src[i]
		}
	case bitXor:
		for ; i+8 <= n; i += 8 {
			put64(dst[i:], get64(dst[i:])^get64(src[i:]))
		}
		for ; i < n; i++ {
			dst[i] ^= src[i]
		}
	}
}

// invert flips every bit of b.
func invert(b []byte) {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		put64(b[i:], ^get64(b[i:]))
	}
	for ; i < len(b); i++ {
		b[i] = ^b[i]
	}
}

func get64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

func put64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }
