// Package process is the process that the server runs in, and the machine below it: what they
// say of themselves, and what a server may ask of them that has them to itself.
//
// Terms
//
//	resident  the memory of the process that is backed by memory of the machine
//	score     how gladly the kernel kills the process when memory is short (oom-score-adj)
//
// It has no state, so any goroutine may call it, but WatchOOMScore, which is for the start.
// Where a system does not tell, the answer is zero, or missing, and no error.
package process

// CPUTime is how long somebody has computed, in seconds.
type CPUTime struct {
	Children     bool // those that have ended; else the process itself
	System, User float64
}
