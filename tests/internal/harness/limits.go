package harness

import "time"

const (
	// KeptOutputBytes is how much of a server's output is kept.
	KeptOutputBytes = 256 << 10
	// ReadyTimeout bounds the wait for the first PING's answer.
	ReadyTimeout = time.Minute
	// StopTimeout bounds the wait for a clean end after SIGTERM.
	StopTimeout = time.Minute
	// readyPollInterval is the pause between two attempts to reach a starting server.
	readyPollInterval = 5 * time.Millisecond
	// launchAttemptsCount is how often a lost race for a free port is tried again.
	launchAttemptsCount = 3
	// firstPort and endPort enclose the ports that are handed out, in blocks of blockPorts: below those that systems give to
	// who connects, or listens at any port.
	firstPort, endPort, blockPorts = 10240, 32768, 128
	// clockTicksPerSecond is USER_HZ, the unit of utime and stime: 100 on every Linux.
	clockTicksPerSecond = 100
)
