package rdb

import "encoding/binary"

// polynomial is Jones's, reflected, as Redis has it: no inversion before or after.
const polynomial = 0x95ac9329ac4bc9b5

// crcTables[i] is the checksum of a byte followed by i zero bytes.
var crcTables = makeTables()

func makeTables() (t [8][256]uint64) {
	for i := range t[0] {
		c := uint64(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ polynomial
			} else {
				c >>= 1
			}
		}
		t[0][i] = c
	}
	for n := 1; n < len(t); n++ {
		for i := range t[n] {
			p := t[n-1][i]
			t[n][i] = t[0][byte(p)] ^ p>>8
		}
	}
	return t
}

// Checksum returns the CRC64 of what c is the checksum of followed by p. It begins with 0.
func Checksum(c uint64, p []byte) uint64 {
	if len(p) >= crcFoldLeast && crcFolds {
		n := len(p) &^ (crcFoldBlock - 1)
		c = crcFold(c, p[:n])
		p = p[n:]
	}
	return checksumTables(c, p)
}

// checksumTables is Checksum by tables, eight bytes at a time.
func checksumTables(c uint64, p []byte) uint64 {
	t := &crcTables
	for len(p) >= 8 {
		c ^= binary.LittleEndian.Uint64(p)
		c = t[7][byte(c)] ^ t[6][byte(c>>8)] ^ t[5][byte(c>>16)] ^ t[4][byte(c>>24)] ^
			t[3][byte(c>>32)] ^ t[2][byte(c>>40)] ^ t[1][byte(c>>48)] ^ t[0][byte(c>>56)]
		p = p[8:]
	}
	for _, b := range p {
		c = t[0][byte(c)^b] ^ c>>8
	}
	return c
}
