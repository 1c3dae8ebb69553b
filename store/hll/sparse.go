package hll

import "strconv"

const (
	zeroMax  = 1 << 6 // registers of a ZERO
	valMax   = 1 << 2 // of a VAL
	valueMax = 1 << 5 // largest value of a VAL

	xzeroBit = 0x40
	valBit   = 0x80

	// mergeRuns is how many runs are looked at for neighbours that can be one.
	mergeRuns = 5
)

// run is one decoded run.
type run struct {
	first, len int // registers
	value      uint8
	bytes      int
}

// isVal tells whether the run that begins with this byte is a VAL.
func isVal(op byte) bool { return op&valBit != 0 }

// runAt decodes the run at b[at], whose first register is first. Of an XZERO the second byte
// may be missing, at the end of a corrupt value.
func runAt(b []byte, at, first int) run {
	op := b[at]
	switch {
	case isVal(op):
		return run{first, int(op&(valMax-1)) + 1, op>>2&(valueMax-1) + 1, 1}
	case op&xzeroBit != 0:
		low := byte(0)
		if at+1 < len(b) {
			low = b[at+1]
		}
		return run{first, (int(op&(zeroMax-1))<<8 | int(low)) + 1, 0, 2}
	}
	return run{first, int(op) + 1, 0, 1}
}

// eachRun calls fn with the runs of a sparse value. It fails, perhaps after some of them,
// if they do not describe all registers.
func eachRun(b []byte, fn func(r run)) error {
	first := 0
	for at := headerBytes; at < len(b); {
		r := runAt(b, at, first)
		first += r.len
		at += r.bytes
		if first > registers || at > len(b) {
			return ErrCorrupt
		}
		fn(r)
	}
	if first != registers {
		return ErrCorrupt
	}
	return nil
}

func makeVal(v uint8, n int) byte { return valBit | (v-1)<<2 | byte(n-1) }

// appendZeros appends a run of n registers that are 0.
func appendZeros(dst []byte, n int) []byte {
	if n > zeroMax {
		return append(dst, xzeroBit|byte((n-1)>>8), byte(n-1))
	}
	return append(dst, byte(n-1))
}

// raiseSparse is raise for a sparse value.
func raiseSparse(b []byte, index int, rank uint8, maxSparse int) ([]byte, bool, error) {
	if rank > valueMax {
		return promote(b, index, rank)
	}
	at, before, first := headerBytes, headerBytes, 0
	var r run
	for {
		if at >= len(b) {
			return b, false, ErrCorrupt
		}
		if r = runAt(b, at, first); at+r.bytes > len(b) {
			return b, false, ErrCorrupt
		}
		if index < first+r.len {
			break
		}
		before, first, at = at, first+r.len, at+r.bytes
	}
	if r.value >= rank {
		return b, false, nil
	}
	if r.len == 1 && r.bytes == 1 {
		b[at] = makeVal(rank, 1)
		return mergeNear(b, before), true, nil
	}
	var buf [mergeRuns]byte
	seq := split(buf[:0], r, index, rank)
	grow := len(seq) - r.bytes
	if grow > 0 && len(b)+grow > maxSparse {
		return promote(b, index, rank)
	}
	b = substitute(b, at, r.bytes, seq)
	return mergeNear(b, before), true, nil
}

// split appends the runs that r becomes when the register at index, within it, gets the
// value v.
func split(dst []byte, r run, index int, v uint8) []byte {
	part := func(dst []byte, n int) []byte {
		switch {
		case n == 0:
			return dst
		case r.value == 0:
			return appendZeros(dst, n)
		}
		return append(dst, makeVal(r.value, n))
	}
	dst = part(dst, index-r.first)
	dst = append(dst, makeVal(v, 1))
	return part(dst, r.first+r.len-1-index)
}

// substitute replaces the n bytes at b[at] by seq.
func substitute(b []byte, at, n int, seq []byte) []byte {
	tail := len(b) - at - n
	if grow := len(seq) - n; grow > 0 {
		b = append(b, seq[:grow]...) // any bytes: they are overwritten
	}
	copy(b[at+len(seq):], b[at+n:at+n+tail])
	copy(b[at:], seq)
	return b[:at+len(seq)+tail]
}

// mergeNear joins neighbouring VALs of one value, a few runs from at on.
func mergeNear(b []byte, at int) []byte {
	for left := mergeRuns; at < len(b) && left > 0; left-- {
		op := b[at]
		if !isVal(op) {
			at += runAt(b, at, 0).bytes
			continue
		}
		if at+1 < len(b) && isVal(b[at+1]) {
			x, y := runAt(b, at, 0), runAt(b, at+1, 0)
			if x.value == y.value && x.len+y.len <= valMax {
				b[at+1] = makeVal(x.value, x.len+y.len)
				b = append(b[:at], b[at+1:]...)
				continue
			}
		}
		at++
	}
	return b
}

// promote makes b dense and raises a register.
func promote(b []byte, index int, rank uint8) ([]byte, bool, error) {
	to, err := ToDense(b)
	if err != nil {
		return b, false, err
	}
	return to, raiseDense(to[headerBytes:], index, rank), nil
}

// AppendRuns appends the runs of a sparse value in words, as PFDEBUG DECODE shows them.
func AppendRuns(dst, b []byte) []byte {
	for at := headerBytes; at < len(b); {
		r := runAt(b, at, 0)
		switch {
		case r.value > 0:
			dst = append(dst, "v:"...)
			dst = strconv.AppendInt(dst, int64(r.value), 10)
			dst = append(dst, ',')
		case r.bytes == 2:
			dst = append(dst, "Z:"...)
		default:
			dst = append(dst, "z:"...)
		}
		dst = strconv.AppendInt(dst, int64(r.len), 10)
		dst = append(dst, ' ')
		at += r.bytes
	}
	return dst[:max(len(dst)-1, 0)]
}
