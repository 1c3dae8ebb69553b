//go:build ppc64 || s390x || mips || mips64

package dict

// tagPart is which 16-bit part of a slot's word, in memory, is its tag.
const tagPart = 0
