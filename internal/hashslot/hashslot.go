package hashslot

import (
	"bytes"
	"encoding/binary"
)

const (
	// Bits is how many bits a slot has.
	Bits = 14
	// Slots is how many hash slots there are.
	Slots = 1 << Bits
)

// Slot is a hash slot: a number below Slots.
type Slot uint16

// crcTables[n][b] is the checksum of byte b followed by n zeros: so the steps of several bytes
// do not wait for each other.
var crcTables = makeCRCTables()

func makeCRCTables() *[8][256]uint16 {
	const polynomial = 0x1021 // CRC16/XMODEM
	var t [8][256]uint16
	for b := range t[0] {
		crc := uint16(b) << 8
		for range 8 {
			carry := crc >> 15
			crc = crc<<1 ^ carry*polynomial
		}
		t[0][b] = crc
	}
	for n := 1; n < len(t); n++ {
		for b, crc := range t[n-1] {
			t[n][b] = crc<<8 ^ t[0][crc>>8]
		}
	}
	return &t
}

// crc16 is the checksum CRC16/XMODEM of p.
func crc16(p []byte) uint16 {
	t := crcTables
	crc := uint16(0)
	for len(p) >= 8 {
		crc = t[7][p[0]^byte(crc>>8)] ^ t[6][p[1]^byte(crc)] ^ t[5][p[2]] ^ t[4][p[3]] ^
			t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]]
		p = p[8:]
	}
	for _, b := range p {
		crc = crc<<8 ^ t[0][byte(crc>>8)^b]
	}
	return crc
}

// Of is the slot of a key: by what stands between its first { and the next }, if that is
// something, else by the whole key.
func Of(key []byte) Slot {
	t := crcTables
	crc, p := uint16(0), key
	for ; len(p) >= 8; p = p[8:] {
		w := binary.LittleEndian.Uint64(p)
		if hasBrace(w) {
			return taggedSlot(key)
		}
		crc = t[7][byte(w)^byte(crc>>8)] ^ t[6][byte(w>>8)^byte(crc)] ^ t[5][byte(w>>16)] ^ t[4][byte(w>>24)] ^
			t[3][byte(w>>32)] ^ t[2][byte(w>>40)] ^ t[1][byte(w>>48)] ^ t[0][byte(w>>56)]
	}
	n := len(p)
	if n == 0 {
		return Slot(crc % Slots)
	}
	// The checksum of what is left is a sum of independent terms, one for each byte.
	if p[0] == '{' {
		return taggedSlot(key)
	}
	if n == 1 {
		return Slot((crc<<8 ^ t[0][byte(crc>>8)^p[0]]) % Slots)
	}
	if p[1] == '{' {
		return taggedSlot(key)
	}
	crc = t[(n-1)&7][p[0]^byte(crc>>8)] ^ t[(n-2)&7][p[1]^byte(crc)]
	for i, b := range p[2:] {
		if b == '{' {
			return taggedSlot(key)
		}
		crc ^= t[(n-3-i)&7][b]
	}
	return Slot(crc % Slots)
}

// hasBrace tells whether one of the eight bytes of w may be a {.
func hasBrace(w uint64) bool {
	const ones, tops, braces = 0x0101010101010101, 0x8080808080808080, 0x7b7b7b7b7b7b7b7b
	x := w ^ braces
	return (x-ones)&^x&tops != 0
}

// taggedSlot is Of for a key with a {.
func taggedSlot(key []byte) Slot {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if n := bytes.IndexByte(key[open+1:], '}'); n > 0 {
			key = key[open+1:][:n]
		}
	}
	return Slot(crc16(key) % Slots)
}
