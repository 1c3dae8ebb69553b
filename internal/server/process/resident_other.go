//go:build !linux

package process

// ResidentBytes returns 0: this system does not tell.
func ResidentBytes() int64 { return 0 }
