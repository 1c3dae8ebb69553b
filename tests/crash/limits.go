package crash

import "time"

const (
	// defaultRounds is how often a test kills unless CRASH_ROUNDS says otherwise.
	defaultRounds = 25
	// writersCount is how many connections write.
	writersCount = 8
	// keysPerWriter is how many keys a writer has of its own.
	keysPerWriter = 5
	// lifeMin and lifeMax bound the time between start and kill.
	lifeMin, lifeMax = 20 * time.Millisecond, 150 * time.Millisecond
	// rewriteEvery is every how many rounds a rewrite is under way when the server dies.
	rewriteEvery = 3
	// oneKeyRounds is how often 8 writers on one key are compared with a replay.
	oneKeyRounds = 5
)
