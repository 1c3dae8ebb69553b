package keeper

import "time"

const (
	// tickMs is how often the keeper looks around while the server works hard, easyTick how often while
	// it does not, slowTick how often at last when it is not at work.
	tickMs   = 100
	easyTick = time.Second
	slowTick = 5 * time.Second
	// evictPass is how long one pass of eviction may take before other duties get their
	// turn; retry the shortest sleep between passes.
	evictPass = 25 * time.Millisecond
	retry     = 200 * time.Microsecond
	// evictSlice is for how long the keeper evicts before it gives way.
	evictSlice = 100 * time.Microsecond

	// helpSlice is for how long a reactor expires keys at the end of a turn.
	helpSlice = 200 * time.Microsecond
	// helpNoted is from which time on such help counts as a delay.
	helpNoted = 10 * time.Microsecond
	// expirePassMs is how long the keeper may be busy expiring keys before it rests for
	// burstRest, so that very many keys with one deadline leave time for clients.
	expirePassMs = 5
	burstRest    = 2 * time.Millisecond
	// freshMs is how long ago the keeper may have worked for reactors to rely on it.
	freshMs = 2

	// surveyKeep is how many of the largest keys are remembered.
	surveyKeep = 64
	// surveyTicks is in how many of the keeper's ticks a survey is to be complete: a
	// minute's; surveyMost bounds a tick's part, so that large stores take longer.
	surveyTicks = 600
	surveyLeast = 512
	surveyMost  = 8192
	// surveyStep is how many keys are looked at under one hold of a lock.
	surveyStep = 256
	// surveyTypes is how many types there can be.
	surveyTypes = 16
	// lruUnitMs is the unit of the access clock under an LRU policy: 24 bits are 12 days.
	lruUnitMs = 64
)
