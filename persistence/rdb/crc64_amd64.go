package rdb

// Checksums by carry-less multiplication. A block of 16 bytes, seen as a polynomial A·x^64
// + B, counts as much as A·(x^(d+64) mod P) + B·(x^d mod P) would d bits further on, so
// blocks are moved there and added to what stands there. Four are moved at a time, each by
// 512 bits; at the end they are added up, and the tables do the rest. Bits are reflected,
// and the product of reflected halves comes out one bit low: hence d-1 in place of d.
const (
	crcFoldBlock = 64
	crcFoldLeast = 128 // below that, tables are as fast
)

// crcFolds tells whether the processor can.
var crcFolds = hasCLMUL()

// foldBy has the multipliers for 512 and 128 bits.
var foldBy = [4]uint64{powerOfX(512 + 63), powerOfX(512 - 1), powerOfX(128 + 63), powerOfX(128 - 1)}

// powerOfX returns x^n modulo the polynomial, reflected.
func powerOfX(n int) uint64 {
	v := uint64(1) << 63
	for range n {
		if v&1 != 0 {
			v = v>>1 ^ polynomial
		} else {
			v >>= 1
		}
	}
	return v
}

func hasCLMUL() bool

// foldBlocks leaves in rest what has the checksum that p has after c. The length of p is
// a multiple of crcFoldBlock, and not 0.
//
//go:noescape
func foldBlocks(c uint64, p []byte, k *[4]uint64, rest *[16]byte)

// crcFold is Checksum for whole blocks.
func crcFold(c uint64, p []byte) uint64 {
	var rest [16]byte
	foldBlocks(c, p, &foldBy, &rest)
	return checksumTables(0, rest[:])
}
