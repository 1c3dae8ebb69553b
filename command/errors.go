package command

import (
	"bytes"
	"errors"
)

// Error texts that several commands share, as Redis words them. A text that only
// one handler uses stands beside that handler.
const (
	ErrSyntax      = "ERR syntax error"
	ErrBusyKey     = "BUSYKEY Target key name already exists."
	ErrNotInteger  = "ERR value is not an integer or out of range"
	ErrNotFloat    = "ERR value is not a valid float"
	ErrWrongType   = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrNoSuchKey   = "ERR no such key"
	ErrOutOfRange  = "ERR value is out of range"
	ErrIndexRange  = "ERR index out of range"
	ErrSameObject  = "ERR source and destination objects are the same"
	ErrOffsetRange = "ERR offset is out of range"
	ErrTooLong     = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrOverflow    = "ERR increment or decrement would overflow"
	ErrDBIndex     = "ERR DB index is out of range"
	ErrTimeout     = "ERR timeout is not an integer or out of range"
	ErrNoAuth      = "NOAUTH Authentication required."
	ErrOOM         = "OOM command not allowed when used memory > 'maxmemory'."
)

// errTable prefixes what Build refuses.
var errTable = errors.New("command table")

// CText shows an argument in an error text as C's %.*s does, which is what Redis
// prints with: at most n bytes, up to the first NUL.
func CText(a []byte, n int) string {
	a = a[:min(len(a), n)]
	if i := bytes.IndexByte(a, 0); i >= 0 {
		a = a[:i]
	}
	return string(a)
}
