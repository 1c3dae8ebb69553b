package command

import "time"

const (
	// SlowCost is the Spec.Cost from which a call runs on a worker: about a millisecond.
	SlowCost = 20000
	// unionProbeSets is up to how many sets a union looks up what it has emitted in the
	// sets before; with more it remembers it.
	unionProbeSets = 4

	// popBatch is how many members one SREM carries that stands for an SPOP.
	popBatch = 1024
	// quickListeners is to how many a message can go in the time of a Quick call.
	quickListeners = 4
	// plainArgs is how many arguments a plain call has at most.
	plainArgs = 16

	// randomDrawShare: distinct random members are drawn one by one if they are at most
	// 1/randomDrawShare of all.
	randomDrawShare = 3

	// rebuildBatch is how many elements of a collection one rebuilding command carries.
	rebuildBatch = 64
	// rebuildPartBytes is about how much of a large value is rebuilt at once: some tenths of a millisecond.
	rebuildPartBytes = 64 << 10
	// rebuildPartSteps is past how many times rebuildBatch elements a part goes at most.
	rebuildPartSteps = 64
	// rebuildKeptBytes is up to which size the memory of a rebuilding command is kept for the next one.
	rebuildKeptBytes = 256 << 10
	// A command that only compares elements, or frees them by whole nodes, visits more of
	// them in the same time than one that returns them: so many count as one in a Cost.
	comparesPerCost = 8
	trimmedPerCost  = 64
	// storeBatch is how many elements of a stored result one recorded command carries.
	storeBatch = 1 << 16
	// sortBlockBytes is how much room SORT takes at once for texts that it must copy.
	sortBlockBytes = 4 << 10
	// costBytesPerElement is how many bytes of a reply count as one element in a Cost.
	costBytesPerElement = 256
	// dumpedPerCost is how many bytes of a value that is dumped or restored count as one
	// element in a Cost.
	dumpedPerCost = 64
	// keptImageBytes is up to which length of a payload an executor keeps the memory that it needed.
	keptImageBytes = 1 << 20
	// HaltEvery is how many elements a loop visits between two looks at Ctx.Halted.
	HaltEvery = 256
	// sleepStep is how long DEBUG SLEEP sleeps between two looks at Ctx.Halted.
	sleepStep = 20 * time.Millisecond
	// maxSleepSeconds bounds DEBUG SLEEP.
	maxSleepSeconds = 3600
	// keysStep is how many keys KEYS visits before it lets others in.
	keysStep = 1024
	// defaultScanCount is COUNT of SCAN when it is not given, maxScanCount its upper end.
	defaultScanCount = 10
	maxScanCount     = 1 << 20
	// expireFieldsStep is how many fields of one hash expire under one hold of the lock.
	expireFieldsStep = 128
	// randomDrawCost is how many elements a walk visits in the time that drawing one takes.
	randomDrawCost = 4
	// sharedIntegers is how many small integers Redis shares between keys.
	sharedIntegers = 10000
	// maxIntTextBytes is the length of the longest decimal int64.
	maxIntTextBytes = 20
	// maxFloatTextBytes bounds the text of a floating point number, as argument, as
	// value and as result; the largest long double has 4933 digits before the point.
	maxFloatTextBytes = 5 << 10
	// bitOpBlockBytes is how much of a result BITOP computes at once, and the
	// longest that it builds in one piece.
	bitOpBlockBytes = 256 << 10
	// maxCountedLimit is the largest LIMIT of a range by score for which entries are
	// looked at one by one instead of searching the end of the range.
	maxCountedLimit = 64
	// trimLimitNodes is how many nodes an approximate trimming removes at most, in entries
	// of stream-node-max-entries; trimLimitEntries stands in when that is unbounded.
	trimLimitNodes   = 100
	trimLimitEntries = 10000
	trimLimitMax     = 1000000
	// defaultAutoclaimCount is COUNT of XAUTOCLAIM, maxAutoclaimCount its upper end; it
	// looks at autoclaimTries times as many pending entries. From hugeAutoclaimCount on Redis finds
	// no room for the ids on any machine: 16 bytes for each are more than an address space.
	defaultAutoclaimCount = 100
	maxAutoclaimCount     = (1<<63 - 1) / 16
	hugeAutoclaimCount    = 1 << 47 / 16
	autoclaimTries        = 10
	// defaultInfoCount is COUNT of XINFO STREAM FULL.
	defaultInfoCount = 10
	// maxStreamsCompared is how many streams XREADGROUP compares with each other, to find
	// one that is named twice.
	maxStreamsCompared = 64
	// destroyedTogether is how many pending entries of a group are freed in the time that
	// others take for one.
	destroyedTogether = 32
)
