package options

const (
	// maxFileBytes bounds a configuration file; a larger one is surely not meant.
	maxFileBytes = 16 << 20
	// maxIncludeDepth bounds nested includes, so that a file that includes itself is an error.
	maxIncludeDepth = 16
	// maxBindAddresses is how many addresses bind takes.
	maxBindAddresses = 16
	// maxHostnameBytes bounds cluster-announce-hostname.
	maxHostnameBytes = 255
	// maxShards mirrors the store's bound on the number of shards.
	maxShards = 256
	// minHz and maxHz clamp hz.
	minHz, maxHz = 1, 500
	// oomScoreBound bounds the elements of oom-score-adj-values on both sides.
	oomScoreBound = 2000
	// minReplBacklogBytes is what a smaller repl-backlog-size becomes.
	minReplBacklogBytes = 16 << 10
)
