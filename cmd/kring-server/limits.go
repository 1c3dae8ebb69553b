package main

import "time"

const (
	// reservedFiles are the descriptors kept for all that is not a client.
	reservedFiles = 32
	// filesPerReactor are the descriptors that a reactor itself holds.
	filesPerReactor = 4
	// gcPercent lets the small Go heap grow to five times what lives before it is collected.
	gcPercent = 400
	// goHeapShare is the part of the machine's memory that bounds the Go heap softly.
	goHeapShare = 4
	// minGoHeapBytes is the least soft limit, also when the memory's size is unknown.
	minGoHeapBytes = 256 << 20
	// minAddressBytes is the least address space: Go's runtime takes a gigabyte, each thread
	// up to 136 MB where there is a C library, and the data have their reservation.
	minAddressBytes = 4 << 30
	// logCheckInterval is how often a log file is looked at, whether it was rotated away.
	logCheckInterval = time.Second
	// logFileMode is the mode of a new log file.
	logFileMode = 0o644
	// pidFileMode is the mode of the pid file.
	pidFileMode = 0o644
	// pprofHeaderTimeout bounds how long a profile client may take over its request.
	pprofHeaderTimeout = 10 * time.Second
	// fileRest is for how long after a collection what is mapped of the file stays so.
	fileRest = 3 * time.Second
	// extraProcs is how many Ps there are beyond one per reactor: for the workers and
	// for what is left of the runtime.
	extraProcs = 2
)
