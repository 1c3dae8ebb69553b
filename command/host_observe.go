package command

// StatsHost is the part of Host that counts and measures. What takes a Ctx asks the reactors:
// only from a Slow command.
type StatsHost interface {
	Info(c *Ctx, sections [][]byte) // replies to INFO
	// InfoIsLong tells whether Info has to ask all reactors for these sections: then it is for a
	// worker.
	InfoIsLong(c *Ctx, sections [][]byte) bool
	Reset(c *Ctx) // CONFIG RESETSTAT

	SlowLog(n int) []SlowCall // the newest first; all for a negative n
	SlowLogLen() int
	SlowLogReset()

	LatencyLatest() []LatencyEvent // in order of name
	LatencyReset(names []string) (n int)
	LatencyThresholdMs() int64
	// LatencyHistograms shows the commands of these names; nil: all that were called.
	LatencyHistograms(c *Ctx, names [][]byte) []LatencyHistogram

	HotKeys(c *Ctx, n int) []HotKey
	BigKeys(n int) []BigKey // as the last survey found them
}

// SlowCall is an entry of the slow log.
type SlowCall struct {
	ID, Unix, Micros int64    // Unix in seconds
	Args             []string // as far as the log shows them
	Addr, Name       string   // of the client
}

// LatencySample is the worst latency of an event in one second.
type LatencySample struct{ Unix, Millis int64 }

// LatencyEvent is a source of latency with its samples, the oldest first.
type LatencyEvent struct {
	Name        string
	WorstMillis int64
	Samples     []LatencySample
}

// LatencyHistogram is the distribution of one command's times.
type LatencyHistogram struct {
	Name  string
	Calls int64
	Steps []LatencyStep
}

// LatencyStep says how many calls took up to Micros, a power of two.
type LatencyStep struct{ Micros, Calls int64 }
