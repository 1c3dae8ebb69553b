package info

const (
	// processFreshMs is how old may be what the system says of the process, heapFreshMs what Go's runtime says of its memory, and
	// meanTTLFreshMs how old the mean times to live, when INFO shows them.
	processFreshMs = 100
	heapFreshMs    = 1000
	meanTTLFreshMs = 1000

	// infoBytes is what INFO takes, about.
	infoBytes = 8 << 10
)
