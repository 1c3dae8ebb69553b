package info

const (
	// crowdFreshMs is how old a look at all clients may be that INFO shows; processFreshMs
	// what the system says of the process, and meanTTLFreshMs the mean times to live.
	crowdFreshMs   = 50
	processFreshMs = 100
	meanTTLFreshMs = 1000

	// infoBytes is what INFO takes, about.
	infoBytes = 8 << 10
)
