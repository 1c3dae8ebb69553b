package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// cursor reads what the reader has cut out.
type cursor struct {
	p   []byte
	off int
}

func (c *cursor) left() int { return len(c.p) - c.off }

// take returns the next n bytes.
func (c *cursor) take(n int) ([]byte, error) {
	if n < 0 || c.left() < n {
		return nil, errShort
	}
	p := c.p[c.off : c.off+n : c.off+n]
	c.off += n
	return p, nil
}

func (c *cursor) byte() (byte, error) {
	p, err := c.take(1)
	if err != nil {
		return 0, err
	}
	return p[0], nil
}

func (c *cursor) uint64() (uint64, error) {
	p, err := c.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

func (c *cursor) length() (n uint64, special int, err error) {
	n, special, size := parseLength(c.p[c.off:])
	switch {
	case size > 0:
		c.off += size
		return n, special, nil
	case size < 0:
		return 0, 0, errLength
	}
	return 0, 0, errShort
}

func (c *cursor) count() (uint64, error) {
	n, special, err := c.length()
	if err == nil && special >= 0 {
		err = errLength
	}
	return n, err
}

// text is a string as it was read: its bytes, and its number if that is how it was
// written. room is what integers and LZF are unpacked into.
type text struct {
	bytes  []byte
	num    int64
	isNum  bool
	inRoom bool // bytes lie in room, not in what was read
	room   []byte
}

// setInt makes t the number n, and its text.
func (t *text) setInt(n int64) {
	t.room = strconv.AppendInt(t.room[:0], n, 10)
	t.bytes, t.num, t.isNum, t.inRoom = t.room, n, true, true
}

func (t *text) setBytes(p []byte) { t.bytes, t.num, t.isNum, t.inRoom = p, 0, false, false }

// own moves t's bytes into its room.
func (t *text) own() []byte {
	if !t.inRoom {
		t.room = append(t.room[:0], t.bytes...)
		t.bytes, t.inRoom = t.room, true
	}
	return t.bytes
}

// str reads a string into t; it points into c where it can.
func (c *cursor) str(t *text) error {
	n, special, err := c.length()
	if err != nil {
		return err
	}
	switch special {
	case -1:
		if n > uint64(c.left()) {
			return errShort
		}
		p, err := c.take(int(n))
		t.setBytes(p)
		return err
	case encInt8, encInt16, encInt32:
		p, err := c.take(1 << special)
		if err != nil {
			return err
		}
		t.setInt(signed(p))
		return nil
	case encLZF:
		return c.lzf(t)
	}
	return errEncoding
}

func (c *cursor) lzf(t *text) error {
	packed, err := c.count()
	if err != nil {
		return err
	}
	n, err := c.count()
	if err != nil {
		return err
	}
	if packed > uint64(c.left()) {
		return errShort
	}
	if !plausible(packed, n) {
		return errLZF
	}
	p, err := c.take(int(packed))
	if err != nil {
		return err
	}
	if t.room, err = decompress(t.room, p, int(n)); err != nil {
		return err
	}
	t.setBytes(t.room)
	t.inRoom = true
	return nil
}

// signed returns the little-endian number in p, which has 1, 2, 3, 4 or 8 bytes.
func signed(p []byte) int64 {
	switch len(p) {
	case 1:
		return int64(int8(p[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(p)))
	case 3:
		return int64(int32(uint32(p[0])<<8|uint32(p[1])<<16|uint32(p[2])<<24) >> 8)
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(p)))
	}
	return int64(binary.LittleEndian.Uint64(p))
}

// textScore reads a score of typeZSetText.
func (c *cursor) textScore() (float64, error) {
	n, err := c.byte()
	if err != nil {
		return 0, err
	}
	switch n {
	case 253:
		return math.NaN(), nil
	case 254:
		return math.Inf(1), nil
	case 255:
		return math.Inf(-1), nil
	}
	p, err := c.take(int(n))
	if err != nil {
		return 0, err
	}
	return parseScore(p)
}
