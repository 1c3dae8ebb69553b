package pubsub

const (
	// drainPushes is about how many writes of published messages a reactor makes before
	// its clients have their turn, if that takes no longer than its Home.Share, where every pushBytes count as one more: that many take about as
	// long to copy as a write does besides. sendTogether and sendBytes say how many messages to one
	// channel are written to a client at once, sendCopies how many bytes to all of them; keepFormBytes is the largest buffer for them that is kept.
	drainPushes   = 16384
	pushBytes     = 256
	sendTogether  = 256
	sendBytes     = 16 << 10
	sendCopies    = 512 << 10
	keepFormBytes = 256 << 10
	// keepMessages is the longest inbox of published messages that is kept for reuse.
	keepMessages = 4096
	// messageBytes is what a message takes beside its text.
	messageBytes = 80
	// subscriptionBytes is about what a topic that a client listens to takes beside its name.
	subscriptionBytes = 256
	// indexHearers is from how many hearers, or patterns with one prefix, on their places are
	// indexed: a place costs several times what the pointer does, and to look at so many takes
	// about a microsecond.
	indexHearers = 4096
)
