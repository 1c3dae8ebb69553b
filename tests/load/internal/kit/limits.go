package kit

import "time"

const (
	// FillBatchCommands is the pipeline length of Fill.
	FillBatchCommands = 64
	// FillTimeout bounds the wait for one batch's replies.
	FillTimeout = 60 * time.Second
	// perfStart is how long perf takes at most to attach itself.
	perfStart = 300 * time.Millisecond
	// canaryInterval is how long the canary means to sleep.
	canaryInterval = time.Millisecond
	// setBatch is how many SETs a writer of a Load sends at once, getPause how long a reader rests.
	setBatch = 100
	getPause = time.Millisecond
	// extraProcessors is how much GOMAXPROCS of a load program exceeds the machine's.
	extraProcessors = 14
)
