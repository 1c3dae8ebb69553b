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
// Redis does not require the bytes behind an argument to be CR LF, nor LF behind the CR of a header.
// That is left to the state machine, too: nobody writes so, and what run takes is thereby known to
// be on the wire as AppendCommand would write it.
func (b *Batch) run(buf []byte, limit int, lim *Limits) int {
	start, maxBulk := 0, lim.MaxBulkBytes
	for i := b.N; i < limit; i++ {
		if len(buf)-start < 4 {
			break
		}
		argc, h := 0, 4
		if w := word(buf, start); w&oneDigitMask == arrayOne {
			argc = int(byte(w>>8) - '0') // 10 to 255 if that is no digit
			if argc > 9 {
				break
			}
		} else {
			argc, h = plainHeader(buf[start:], '*')
		}
		// Each argument has a least size, so that nothing is sized by a mere claim.
		if argc < 1 || argc*minArgBytes > len(buf)-start || argc > lim.MaxArgs {
			break
		}
		args := b.take(argc)
		end := runArgs(args, buf, start+h, maxBulk)
		if end < 0 {
			break
		}
		c := &b.Cmds[i] // field by field: a literal of so many words is made elsewhere, and copied
		c.Args, c.WireBytes, c.wire, c.from = args, end-start, &buf[start], b.Bytes+start
		b.used += argc
		b.N = i + 1
		start = end
	}
	b.Bytes += start
	return start
}

// word returns four bytes of buf. With its end and capacity given, the slice takes no steps besides the check.
func word(buf []byte, at int) uint32 { return binary.LittleEndian.Uint32(buf[at : at+4 : at+4]) }

// runArgs makes args views of the bulks in buf from at on and returns where they end, or -1 if they are
// not all there and plainly written. It goes by offsets: where the next bulk is depends on this one's
// length, and making slices of what is left would be part of that chain.
func runArgs(args [][]byte, buf []byte, at int, maxBulk int64) int {
	for i := range args {
		if len(buf)-at < 4 {
			return -1
		}
		n, h := 0, 4
		w := word(buf, at)
		d1 := uint32(byte(w>>8)) - '0'
		if w&oneDigitMask == bulkOne && d1 <= 9 {
			n = int(d1)
		} else if d2 := uint32(byte(w>>16)) - '0'; w&twoDigitMask == bulkTwo && d1-1 <= 8 && d2 <= 9 && at+4 < len(buf) && buf[at+4] == '\n' {
			n, h = int(d1*10+d2), 5
		} else if n, h = plainHeader(buf[at:], '$'); h == 0 {
			return -1
		}
		from := at + h
		end := from + n
		if len(buf)-end < 2 || int64(n) > maxBulk || binary.LittleEndian.Uint16(buf[end:end+2:end+2]) != lineEnd {
			return -1
		}
		args[i] = buf[from:end:end]
		at = end + 2
	}
	return at
}

// plainHeader parses a header line at the front of rest: kind, one to nine digits
// without leading zeros, CR and LF. It returns the number and the length of
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
			if rest[i] == '\r' && rest[i+1] == '\n' && i > 1 {
				return n, i + 2
			}
			return 0, 0
		}
		n = n*10 + int(d)
	}
	return 0, 0
}
