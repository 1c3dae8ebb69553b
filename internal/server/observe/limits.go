package observe

import "github.com/kringdb/kring/resp"

const (
	// sampleMs is how far apart two samples of the rates are, at least.
	sampleMs = 1000
	// AgainMs is how far apart two copies of what a reactor shows on demand are, at least, and
	// FreshMs how old one may be that INFO shows, if something has happened since: less would ask
	// a busy reactor that is late by a little.
	AgainMs = 25
	FreshMs = 50
	// wantedMs is for how long after a question copies are made.
	wantedMs = 1000
	// sampleBatches: of this many batches one is sampled for busy keys.
	sampleBatches = 4
	// hotAgeMs is how often counts of hot keys are halved.
	hotAgeMs = 60_000

	// mostHalvings leave nothing of any count.
	mostHalvings = 64
	// groupFromNanos: plain calls are timed together while the slow log and the latency
	// monitor only want to know of what takes at least this long.
	groupFromNanos = 1_000_000
	// wholeSpecs is how many different commands transactions that are timed together have:
	// a batch's at least.
	wholeSpecs = 2 * resp.MaxBatch
)
