package rawclient

import "time"

const (
	// ReaderBytes is the read buffer of a connection.
	ReaderBytes = 64 << 10
	// MaxNestingLevels bounds how deep a reply may nest before it is refused.
	MaxNestingLevels = 16
	// MaxElementsCount bounds the elements of one aggregate.
	MaxElementsCount = 64 << 20
	// DefaultTimeout bounds each wait for a reply unless Client.Timeout says otherwise.
	DefaultTimeout = time.Minute
	// backgroundWriteBytes is the request size from which writing happens beside
	// reading, so that two full socket buffers cannot lock each other up.
	backgroundWriteBytes = 32 << 10
)
