package hll

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const (
	// DenseBytes is the length of a dense value.
	DenseBytes = headerBytes + registers*registerBits/8

	registers    = 1 << indexBits
	indexBits    = 14
	rankBits     = 64 - indexBits // of the hash that the rank is taken from
	registerBits = 6
	registerMax  = 1<<registerBits - 1
	headerBytes  = 16

	encodingAt = 4
	cachedAt   = 8
	staleAt    = 15 // the byte with the bit staleBit
	staleBit   = 0x80

	dense  = 0
	sparse = 1
)

const magic = "HYLL"

// ErrCorrupt is what a value gets whose runs or registers do not add up.
var ErrCorrupt = errors.New("hll: corrupt value")

// Registers are all registers, one byte each.
type Registers [registers]uint8

// Valid tells whether b looks like a HyperLogLog: its header and, if it is dense, its
// length.
func Valid(b []byte) bool {
	return len(b) >= headerBytes && string(b[:len(magic)]) == magic && b[encodingAt] <= sparse &&
		(b[encodingAt] != dense || len(b) == DenseBytes)
}

// IsSparse tells the representation of a valid value.
func IsSparse(b []byte) bool { return b[encodingAt] == sparse }

// AppendEmpty appends a value without elements: sparse, its cached estimate 0.
func AppendEmpty(dst []byte) []byte {
	dst = append(dst, magic...)
	dst = append(dst, sparse)
	dst = append(dst, make([]byte, headerBytes-len(magic)-1)...)
	return appendZeros(dst, registers)
}

// Cached returns the estimate of the last count, if no register has changed since.
func Cached(b []byte) (n uint64, ok bool) {
	return binary.LittleEndian.Uint64(b[cachedAt:]), b[staleAt]&staleBit == 0
}

// SetCached stores an estimate.
func SetCached(b []byte, n uint64) {
	binary.LittleEndian.PutUint64(b[cachedAt:], n)
}

// MarkStale says that the cached estimate does not hold any more.
func MarkStale(b []byte) { b[staleAt] |= staleBit }

// Add adds an element to b, a valid value, which may grow or become dense: the result
// replaces b. maxSparse is the longest sparse value in bytes. changed tells whether a
// register did. The cached estimate is left to the caller.
func Add(b, elem []byte, maxSparse int) (_ []byte, changed bool, err error) {
	index, rank := place(elem)
	return raise(b, index, rank, maxSparse)
}

// AddDense is Add for a dense value, which it changes in place.
func AddDense(b, elem []byte) (changed bool) {
	index, rank := place(elem)
	return raiseDense(b[headerBytes:], index, rank)
}

// raise lets the register at index be at least rank.
func raise(b []byte, index int, rank uint8, maxSparse int) ([]byte, bool, error) {
	if b[encodingAt] == dense {
		return b, raiseDense(b[headerBytes:], index, rank), nil
	}
	return raiseSparse(b, index, rank, maxSparse)
}

// place returns the register of an element and its rank.
func place(elem []byte) (index int, rank uint8) {
	h := murmur64A(elem, hashSeed)
	return int(h & (registers - 1)), uint8(bits.TrailingZeros64(h>>indexBits|1<<rankBits) + 1)
}

// Merge raises regs to the registers of b, a valid value.
func Merge(regs *Registers, b []byte) error {
	if b[encodingAt] == sparse {
		return eachRun(b, func(r run) {
			if r.value == 0 {
				return
			}
			for i := r.first; i < r.first+r.len; i++ {
				regs[i] = max(regs[i], r.value)
			}
		})
	}
	for i := range regs {
		regs[i] = max(regs[i], denseAt(b[headerBytes:], i))
	}
	return nil
}

// Raise raises the registers of b, a valid value, to regs; the result replaces b.
func Raise(b []byte, regs *Registers, maxSparse int) (_ []byte, err error) {
	for i, v := range regs {
		if v == 0 {
			continue
		}
		if b, _, err = raise(b, i, v, maxSparse); err != nil {
			return b, err
		}
	}
	return b, nil
}

// ToDense returns b, a valid sparse value, in dense form, its header included.
func ToDense(b []byte) ([]byte, error) {
	to := make([]byte, DenseBytes)
	copy(to, b[:headerBytes])
	to[encodingAt] = dense
	regs := to[headerBytes:]
	err := eachRun(b, func(r run) {
		for i := r.first; i < r.first+r.len && r.value > 0; i++ {
			setDense(regs, i, r.value)
		}
	})
	return to, err
}

// denseAt returns register i of the dense registers b.
func denseAt(b []byte, i int) uint8 {
	at, shift := i*registerBits>>3, uint(i*registerBits&7)
	v := uint(b[at]) >> shift
	if shift > 8-registerBits {
		v |= uint(b[at+1]) << (8 - shift)
	}
	return uint8(v & registerMax)
}

func setDense(b []byte, i int, v uint8) {
	at, shift := i*registerBits>>3, uint(i*registerBits&7)
	b[at] = b[at]&^byte(registerMax<<shift) | v<<shift
	if shift > 8-registerBits {
		b[at+1] = b[at+1]&^byte(registerMax>>(8-shift)) | v>>(8-shift)
	}
}

func raiseDense(b []byte, i int, v uint8) bool {
	if denseAt(b, i) >= v {
		return false
	}
	setDense(b, i, v)
	return true
}
