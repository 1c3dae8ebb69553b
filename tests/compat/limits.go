package compat

import "time"

const (
	// DefaultCommandsCount is how many steps a run generates unless COMPAT_COMMANDS says otherwise.
	DefaultCommandsCount = 100_000
	// sequenceStepsMin and sequenceStepsMax bound the length of one sequence.
	sequenceStepsMin, sequenceStepsMax = 8, 90
	// extremesPercent of the generated commands have extreme numbers.
	extremesPercent = 3
	// extremesShare: TestExtremes runs 1/extremesShare of the commands of TestGenerated.
	extremesShare = 4
	// growthMin is from how many bytes on it counts by how much a sequence lets the memory
	// of the subject grow at its peak; from there on it may be growthFactor times as much
	// as the oracle's.
	growthMin, growthFactor = 128 << 20, 3
	// batchStepsMax is the longest pipeline that is generated.
	batchStepsMax = 40
	// connsCount is the number of connections that a sequence may use on each side.
	connsCount = 3
	// databasesCount is the number of databases of both servers.
	databasesCount = 16
	// deadlineToleranceMillis is how far remaining times may differ between the sides.
	deadlineToleranceMillis = 5_000
	// passMillis is how long an already due key's deadline is given to pass.
	passMillis = 3
	// quietTimeout bounds the wait for more bytes after raw input, which a case seldom has to wait out.
	quietTimeout = time.Minute
	// shrinkTimeout bounds the search for a shorter sequence.
	shrinkTimeout = 25 * time.Second
	// reportedMismatchesMax ends a run in which so many commands mismatch.
	reportedMismatchesMax = 15
	// shownReplyBytes cuts replies in reports.
	shownReplyBytes = 600
	// restartStepsMin is the length of the shortest sequence before a restart; the longest
	// is twice as long.
	restartStepsMin = 20
	// restartsCount is how many sequences TestRestart runs unless COMPAT_RESTARTS says
	// otherwise, on restartServers servers beside each other; every so often a server
	// begins anew in an empty directory.
	restartsCount, restartServers, restartsPerDir = 300, 2, 20
	// librariesCount is how many scripts TestLibraries runs unless COMPAT_LIBRARIES says otherwise, and
	// librariesBatch how many of them are sent at a time.
	librariesCount, librariesBatch = 3000, 100
	// scanRoundsMax bounds an iteration whose cursor never comes back to 0.
	scanRoundsMax = 100_000
	// sizeHarmlessMax and sizeRefusedMin enclose the offsets that are never generated:
	// both servers would accept them and allocate hundreds of megabytes.
	sizeHarmlessMax, sizeRefusedMin = 400_000, 1 << 32
)
