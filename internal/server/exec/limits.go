package exec

import "time"

// The limits of executors.
const (
	// barAfter is for how long a script may keep the reactors from their gates.
	barAfter = 2 * time.Millisecond
	// LastingScripts is how many scripts may last at the same time, each on an executor of its own, whose gates
	// are the first.
	LastingScripts = 4
	// awaitScriptsTick is how often who waits for scripts looks whether they run.
	awaitScriptsTick = time.Millisecond
	// mostHeld is how many changes and errors a run that may be undone keeps for its end, some MB.
	mostHeld = 1 << 17
	// mostDeclared is how many keys a script may declare to run under their locks.
	mostDeclared = 64
	// mostKnownKeys is how many of these a call's key is compared with, before it is hashed.
	mostKnownKeys = 4
	// mostKeptBytes is the size of a value up to which a script that may have to be undone keeps a
	// copy before it changes it: copying it takes some microseconds.
	mostKeptBytes = 16 << 10
	// keepKeysEntries is the largest key buffer an executor keeps between batches.
	keepKeysEntries = 4096
	// keepScratchBytes is the largest handler scratch an executor keeps.
	keepScratchBytes = 1 << 20
	// keepTransactionBytes bounds the memory of a transaction that is kept for the next one.
	keepTransactionBytes = 16 << 10
	// queueChunkBytes and queueChunkMost are the first and the largest size of what the calls of a
	// transaction are kept in.
	queueChunkBytes = 512
	queueChunkMost  = 64 << 10
	// evictStepsPerLook is how many entries are evicted between two looks at the clock.
	evictStepsPerLook = 8
	// rowReplyBytes is how long the replies of a row may be before it ends: copying them takes some microseconds, for
	// which others wait who want the shard.
	rowReplyBytes = 64 << 10
	// lookAheadKeys is how many keys beyond the running command have their entries
	// touched: a few commands' time is as long as a miss takes.
	lookAheadKeys = 16
	// lookAheadWords, lookAheadPages and lookAheadRecords are how many calls from the
	// running one on have the three stages of touching their members behind them.
	lookAheadWords   = 12
	lookAheadPages   = 8
	lookAheadRecords = 4
	// errorPreviewBytes bounds what is shown of the error of a record that does not load.
	errorPreviewBytes = 128
	// monitorPostBytes is how much is kept for MONITOR within a batch before it is sent.
	monitorPostBytes = 16 << 10
	// watchBytes, waiterBytes and waiterKeyBytes are about what a watched key, a blocked command and each key that it waits for take beside the names.
	watchBytes     = 192
	waiterBytes    = 512
	waiterKeyBytes = 320
)
