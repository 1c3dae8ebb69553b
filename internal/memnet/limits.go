package memnet

const (
	// maxBuffered is how many bytes one direction of a connection holds before writers wait.
	maxBuffered = 1 << 20
	// keepBytes is the largest buffer that an empty direction keeps.
	keepBytes = 4 << 10
)
