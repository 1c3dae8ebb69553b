package persistence

import "time"

const (
	// chunkBytes is the size of the stream's buffers: what a record is copied into.
	chunkBytes = 256 << 10
	// spareChunks is how many emptied buffers the stream keeps.
	spareChunks = 8
	// MaxPendingBytes is how much may wait for the writer before those who produce
	// records are slowed down; ResumePendingBytes is when they go on.
	MaxPendingBytes    = 64 << 20
	ResumePendingBytes = 16 << 20

	// slowWrite is from when on a write shows that the disk is slow; for slowRest nobody but
	// the writer's goroutine writes then, so that nobody else waits for the disk.
	slowWrite = 3 * time.Millisecond
	slowRest  = 500 * time.Millisecond
	// syncInterval is the distance of fsyncs under everysec.
	syncInterval = time.Second
	// gatherMax bounds how long, under always, the writer waits for the writers of the
	// previous round to come back, gatherGap how long for the next one of them; it goes on
	// when all but one in gatherParts+1 are there.
	gatherMax   = time.Millisecond
	gatherGap   = 200 * time.Microsecond
	gatherParts = 15
	// gatherLeast: nobody waits for the sake of a sync that costs less.
	gatherLeast = 100 * time.Microsecond

	// gatherLooks and gatherPause: those who sync by themselves wait no longer after so many looks in vain, and so long
	// after one that was not.
	gatherLooks = 2
	gatherPause = 10 * time.Microsecond

	// quickSync is how long a sync under always may take, on average over some syncMemory of them, for
	// who has appended to do it himself: a reactor serves nobody meanwhile. He does so after lonelySyncs of them
	// at which nobody else wanted to (see writer.weigh).
	quickSync   = 500 * time.Microsecond
	syncMemory  = 8
	lonelySyncs = 16

	// reportInterval is how often the log is told how far loading is.
	reportInterval = time.Second

	// retryFirst and retryMost bound the wait between attempts of a rewrite.
	retryFirst = time.Second
	retryMost  = 30 * time.Second

	// baseBufferBytes is how much of a new base is gathered before a write.
	baseBufferBytes = 1 << 20
	// baseSyncBytes is how much of a new base is written between two fsyncs.
	baseSyncBytes = 4 << 20

	// heldBytes is how much of a file, behind a mark, the loader does not execute before it knows whether
	// another mark comes (see goback.go).
	heldBytes = 64 << 20

	// readBytes is how much the loader reads at once; its buffer grows beyond that for
	// larger records only.
	readBytes = 1 << 20
	// maxLineBytes bounds an annotation.
	maxLineBytes = 1024
	// maxManifestBytes bounds a manifest file, maxManifestLine a line of it.
	maxManifestBytes = 16 << 20
	maxManifestLine  = 1024
	// resyncBytes is how far behind a record that reaches beyond the end of the file the
	// loader looks for whole records, which tell damage from a cut.
	resyncBytes = 16 << 20

	dirMode  = 0o755
	fileMode = 0o644
)
