package netio

import "time"

const (
	// reliefTick is how often reactors that may block are looked at: one that is still there
	// at the second look is relieved. After reliefQuietTicks without any nobody looks.
	reliefTick       = 5 * time.Millisecond
	reliefQuietTicks = 4

	// lookoutNanos is how long a connection's goroutine runs without waiting before it has another
	// thread look at the sockets of the other connections.
	lookoutNanos = 150 * int64(time.Microsecond)

	// A reactor that blocks paceBlocks times in paceNanos does so as a system call; if nothing comes
	// for oftenMs, or it blocks less often, in the runtime's poller (see pace).
	paceNanos  = 8 * int64(time.Millisecond)
	paceBlocks = 8
	oftenMs    = 10
	// sameDue is by how much two ends of waits differ for which the timer is not set anew: the clock
	// is read at other moments.
	sameDue = 200 * time.Microsecond
	// maxDoze bounds a wait, in nanoseconds.
	maxDoze = 24 * int64(time.Hour)

	// yieldProbe is how often a reactor blocks without yielding before it tries whether that
	// pays; yieldGain is how many vain ones each one that pays is worth, yieldCredit how many
	// are allowed at most.
	yieldProbe  = 64
	yieldGain   = 2
	yieldCredit = 16

	// NodeBytes is the size of a ring's pooled nodes.
	NodeBytes = 16 << 10

	// heldParts is in how many parts the memory of rings is counted; heldShift drops the low bits of
	// nodes' addresses, which are alike.
	heldParts = 16
	heldShift = 6

	// MaxWindowBytes is the largest window that a ring gives out at once.
	MaxWindowBytes = 1 << 30

	// PausedInputBytes is how much input is buffered for a paused connection before
	// its socket is no longer read.
	PausedInputBytes = 1 << 20

	// defaultTurnReadBytes is Config.TurnReadBytes when it is 0.
	defaultTurnReadBytes = 64 << 10

	// turnWriteBytes bounds what one flush writes before other connections get their
	// turn; the rest waits for write interest.
	turnWriteBytes = 4 << 20

	// callWriteBytes bounds one write or writev. The kernel cuts a larger one short at
	// 2,147,479,552 bytes; below that, a short write means that its buffer is full.
	callWriteBytes = 1 << 30

	// readVecNodes and writeVecNodes bound the nodes of one readv and writev.
	readVecNodes  = 4
	writeVecNodes = 64

	// minReadWindowBytes is the least free space that Ring.ReadFrom offers a reader.
	minReadWindowBytes = 512

	// lingerBytes of unread input are thrown away before a close that follows a last
	// reply: closing a socket with input unread sends a reset, which may overtake it.
	lingerBytes = 256 << 10

	// lingerMs bounds how long a connection of the goroutine model does that.
	lingerMs = 250

	// partingMs is what a connection of the goroutine model is given to send its output
	// when the group closes, and TLS to say goodbye.
	partingMs = 100

	// stripesPerProc is how many stripes DefaultStripes counts for each of Go's
	// processors.
	stripesPerProc = 4

	// stripeTickMs is Config.TickMs for a stripe when that is 0: how often it looks for
	// writers whose clients do not read.
	stripeTickMs = 100

	// slowWriteBytes is what a write of the goroutine model may have had to wait for the
	// client with: the session hears when it is done.
	slowWriteBytes = 64 << 10

	// smallReadBytes is what a connection of the goroutine model waits for input with,
	// where it cannot wait without a buffer (TLS, pipes, Windows).
	smallReadBytes = 1 << 10

	// turnShare is Reactor.Share of a reactor with a poller.
	turnShare = 4 * time.Millisecond

	// turnAccepts bounds the connections accepted from one listener in one turn.
	turnAccepts = 64

	// acceptRetryMs is how long a listener rests when descriptors have run out and
	// not even the spare one helps.
	acceptRetryMs = 100

	// acceptLogMs is the least time between two log lines about failing accepts.
	acceptLogMs = 1000

	// defaultBacklog is ListenOptions.Backlog when it is 0, as in Redis.
	defaultBacklog = 511

	// pollEvents is how many events one poll returns at most.
	pollEvents = 256

	// stackFloorBytes is what a reactor's stack holds for nothing, about as much as requests need of it.
	stackFloorBytes = 16 << 10

	// minSlots is the room for connections that a reactor begins with.
	minSlots = 64

	// keepUnsent is the capacity up to which a stripe keeps its lists of connections with output.
	keepUnsent = 4096

	// keepMails is the capacity up to which a mailbox keeps its queue for reuse.
	keepMails = 1024

	// maxAlarmMs bounds how far ahead an alarm is kept, so that its nanoseconds do not
	// overflow: about a century.
	maxAlarmMs = 100 * 365 * 24 * 3600 * 1000

	// maxReactors bounds Config.Reactors.
	maxReactors = 1024

	// MaxKeepAlive is the longest idle time after which Linux begins to probe a
	// connection; Config.KeepAlive is cut to it.
	MaxKeepAlive = 32767 * time.Second

	// keepAliveProbes unanswered probes end a connection, as in Redis.
	keepAliveProbes = 3
)
