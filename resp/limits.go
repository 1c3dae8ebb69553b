package resp

import "math"

const (
	// MaxBatch is the most commands that a Batch holds.
	MaxBatch = 32

	// ShortBulkBytes is the room for a bulk string of less than 100 bytes.
	ShortBulkBytes = 106

	// BigBulkBytes is how much of a bulk must be missing for it to be read straight
	// into its own destination.
	BigBulkBytes = 32 << 10

	// BigBulkFirstBytes bounds the first destination of a big bulk, whatever length
	// the client announced; it doubles as it fills.
	BigBulkFirstBytes = 1 << 20

	// DrainBytes is how much of one incomplete command may wait in the source before
	// its arguments are copied away and the source is drained: finding an offset in a
	// long list of nodes takes time proportional to its length.
	DrainBytes = 256 << 10

	// DefaultMaxBulkBytes is Redis's default of proto-max-bulk-len.
	DefaultMaxBulkBytes = 512 << 20

	// MostBulkBytes is the longest argument that can be had at all, whatever Limits say:
	// the store keeps lengths of keys and members in 32 bits.
	MostBulkBytes = math.MaxInt32

	// DefaultMaxArgs is the most arguments that Redis lets a multibulk announce.
	DefaultMaxArgs = math.MaxInt32

	// DefaultMaxInlineBytes is the longest inline command, and the longest header
	// line, without its line end.
	DefaultMaxInlineBytes = 64 << 10

	// PreAuthMaxArgs and PreAuthMaxBulkBytes bound a command before authentication.
	PreAuthMaxArgs      = 10
	PreAuthMaxBulkBytes = 16 << 10

	// headerKeepBytes is how much of a header line is kept to be parsed: a valid one
	// has a type byte, a sign and 19 digits.
	headerKeepBytes = 24

	// keptBatchSlots and keptPartialArgs are how many argument slots a reset batch and
	// a pooled partial may keep.
	keptBatchSlots  = 4096
	keptPartialArgs = 1024

	// minArgBytes is the least that an argument takes on the wire: "$0\r\n\r\n".
	minArgBytes = 6

	// scratchMinBytes and scratchMaxBytes bound the pooled classes of scratch memory;
	// both are powers of two. scratchSlackBytes more are in each block, so that a bulk
	// of a round size fits with its line end.
	scratchMinBytes   = 1 << 12
	scratchMaxBytes   = 4 << 20
	scratchSlackBytes = 64

	// wholeBulkBytes is the longest bulk that a Writer asks a contiguous window for;
	// a longer one fills windows as they come.
	wholeBulkBytes = 1 << 10

	// bufferMinBytes is the least that a Buffer grows by.
	bufferMinBytes = 1 << 9

	// discardBytes is the size of the window that a Discard sink offers.
	discardBytes = 4 << 10

	// MaxReplyDepth bounds the nesting that ReadReply follows.
	MaxReplyDepth = 128

	// MaxReplyElems bounds the values in one reply, all levels together.
	MaxReplyElems = 16 << 20

	// MaxReplyLineBytes bounds one line of a reply (errors, simple strings, numbers).
	MaxReplyLineBytes = 1 << 20

	// replyChunkBytes is by how much ReadReply's buffer for a bulk runs ahead of the
	// bytes that have arrived, at most doubled.
	replyChunkBytes = 64 << 10
)

// Limits bound what one command may be. Parse takes them with each call, so that they
// may change with the connection's state. A Limits in use is only read.
type Limits struct {
	MaxBulkBytes   int64 // longest argument of a multibulk command; MostBulkBytes if more
	MaxArgs        int   // most arguments of a multibulk command
	MaxInlineBytes int   // longest inline command or header line, without its line end

	// PreAuth: the client has not authenticated. Exceeding MaxArgs or MaxBulkBytes
	// then reads "unauthenticated ...", and Parse takes one command per batch, since
	// that command may be the AUTH that lifts the limits of the next.
	PreAuth bool
}

// DefaultLimits are Redis's defaults for a normal client.
func DefaultLimits() Limits {
	return Limits{
		MaxBulkBytes:   DefaultMaxBulkBytes,
		MaxArgs:        DefaultMaxArgs,
		MaxInlineBytes: DefaultMaxInlineBytes,
	}
}

// PreAuthLimits are for a client that must authenticate first: 10 arguments of 16 KB.
func PreAuthLimits() Limits {
	return Limits{
		MaxBulkBytes:   PreAuthMaxBulkBytes,
		MaxArgs:        PreAuthMaxArgs,
		MaxInlineBytes: DefaultMaxInlineBytes,
		PreAuth:        true,
	}
}
