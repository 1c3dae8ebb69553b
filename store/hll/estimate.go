package hll

import (
	"encoding/binary"
	"math"
)

// histogram counts the registers of each value.
type histogram [registerMax + 1]int

// alphaInf is 1/(2 ln 2), the limit of HyperLogLog's constant.
const alphaInf = 0.721347520444481703680

// Count estimates the number of elements of b, a valid value.
func Count(b []byte) (uint64, error) {
	var h histogram
	if b[encodingAt] == dense {
		h.addDense(b[headerBytes:])
		return h.estimate(), nil
	}
	err := eachRun(b, func(r run) { h[r.value] += r.len })
	return h.estimate(), err
}

// CountRegisters estimates the number of elements behind the registers.
func CountRegisters(regs *Registers) uint64 {
	var h histogram
	for _, v := range regs {
		h[v&registerMax]++
	}
	return h.estimate()
}

// addDense counts dense registers, four in three bytes.
func (h *histogram) addDense(b []byte) {
	for ; len(b) >= 3; b = b[3:] {
		w := uint(b[0]) | uint(b[1])<<8 | uint(b[2])<<16
		h[w&registerMax]++
		h[w>>6&registerMax]++
		h[w>>12&registerMax]++
		h[w>>18&registerMax]++
	}
}

// estimate is Ertl's improved raw estimator. The conversions keep products and sums from
// being fused, so that every processor rounds alike.
func (h *histogram) estimate() uint64 {
	const m = float64(registers)
	z := float64(m * tau((m-float64(h[rankBits+1]))/m))
	for k := rankBits; k >= 1; k-- {
		z = (z + float64(h[k])) * 0.5
	}
	z += float64(m * sigma(float64(h[0])/m))
	return uint64(math.Round(alphaInf * m * m / z))
}

// sigma corrects for registers that are 0.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		last := z
		z += float64(x * y)
		y += y
		if z == last {
			return z
		}
	}
}

// tau corrects for registers that are at the end of the scale.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		last := z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
		if z == last {
			return z / 3
		}
	}
}

// hashSeed is the seed of the elements' hash.
const hashSeed = 0xadc83b19

// murmur64A is MurmurHash64A.
func murmur64A(b []byte, seed uint64) uint64 {
	const m, r = 0xc6a4a7935bd1e995, 47
	h := seed ^ uint64(len(b))*m
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		h = (h ^ (k^k>>r)*m) * m
	}
	if len(b) > 0 {
		for i, c := range b {
			h ^= uint64(c) << (8 * i)
		}
		h *= m
	}
	h = (h ^ h>>r) * m
	return h ^ h>>r
}
