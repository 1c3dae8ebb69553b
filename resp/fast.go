package resp

import "encoding/binary"

// Header patterns of the fast path: four bytes of the wire as a little-endian word.
// The mask lets the digits through.
const (
	oneDigitMask = 0xFFFF00FF // type, digit, CR, LF
	twoDigitMask = 0xFF0000FF // type, digit, digit, CR
	arrayOne     = '*' | '\r'<<16 | '\n'<<24
	bulkOne      = '$' | '\r'<<16 | '\n'<<24
	bulkTwo      = '$' | '\r'<<24
	lineEnd      = '\r' | '\n'<<8 // the same of two bytes
)

// run appends the complete, plainly written multibulk commands at the front of buf to
// b, until b.N == limit, and returns how many bytes they take. It stops before
// everything else, and has no opinion on it: the state machine decides.
//
// It never requires the bytes behind an argument to be CR LF, as Redis does not.
func (b *Batch) run(buf []byte, limit int, lim *Limits) int {
	start, maxBulk := 0, lim.MaxBulkBytes
	for i := b.N; i < limit; i++ {
		rest := buf[start:]
		if len(rest) < 4 {
			break
		}
		argc, h := 0, 4
		if w := binary.LittleEndian.Uint32(rest); w&oneDigitMask == arrayOne {
			argc = int(byte(w>>8) - '0') // 10 to 255 if that is no digit
			if argc > 9 {
				break
			}
		} else {
			argc, h = plainHeader(rest, '*')
		}
		// Each argument has a least size, so that nothing is sized by a mere claim.
		if argc < 1 || argc*minArgBytes > len(rest) || argc > lim.MaxArgs {
			break
		}
		args := b.take(argc)
		n, odd := runArgs(args, rest[h:], maxBulk)
		if n < 0 {
			break
		}
		n += h
		c := &b.Cmds[i]
		c.Args, c.WireBytes, c.Wire, c.from = args, n, nil, b.Bytes+start
		if odd == 0 && rest[h-1] == '\n' {
			c.Wire = rest[:n:n]
		}
		b.used += argc
		b.N = i + 1
		start += n
	}
	b.Bytes += start
	return start
}

// runArgs makes args views of the bulks at the front of rest and returns their length
// on the wire, or -1 if they are not all there and plainly written. odd is 0 if lines and
// arguments also end as they ought to.
func runArgs(args [][]byte, rest []byte, maxBulk int64) (n int, odd uint16) {
	whole := len(rest)
	for i := range args {
		if len(rest) < 4 {
			return -1, 0
		}
		n, h := 0, 4
		w := binary.LittleEndian.Uint32(rest)
		d1 := uint32(byte(w>>8)) - '0'
		if w&oneDigitMask == bulkOne && d1 <= 9 {
			n = int(d1)
		} else if d2 := uint32(byte(w>>16)) - '0'; w&twoDigitMask == bulkTwo && d1-1 <= 8 && d2 <= 9 {
			n, h = int(d1*10+d2), 5
		} else if n, h = plainHeader(rest, '$'); h == 0 {
			return -1, 0
		}
		end := h + n
		if end+2 > len(rest) || int64(n) > maxBulk {
			return -1, 0
		}
		args[i] = rest[h:end:end]
		odd |= (uint16(rest[h-1]) ^ '\n') | (binary.LittleEndian.Uint16(rest[end:]) ^ lineEnd)
		rest = rest[end+2:]
	}
	return whole - len(rest), odd
}

// plainHeader parses a header line at the front of rest: kind, one to nine digits
// without leading zeros, CR and one more byte. It returns the number and the length of
// the line with its end, or 0, 0 if the line is anything else or not complete.
func plainHeader(rest []byte, kind byte) (n, h int) {
	if len(rest) < 4 || rest[0] != kind {
		return 0, 0
	}
	if rest[1] == '0' && rest[2] != '\r' {
		return 0, 0
	}
	for i := 1; i < len(rest)-1 && i <= 10; i++ {
		d := rest[i] - '0'
		if d > 9 {
			if rest[i] == '\r' && i > 1 {
				return n, i + 2
			}
			return 0, 0
		}
		n = n*10 + int(d)
	}
	return 0, 0
}
