//go:build !amd64

package rdb

// Without instructions for it, checksums are made by tables.
const (
	crcFolds     = false
	crcFoldLeast = 1 << 20
	crcFoldBlock = 1
)

func crcFold(c uint64, _ []byte) uint64 { return c }
