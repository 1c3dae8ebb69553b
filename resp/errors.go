package resp

// ProtoError is a violation of the protocol by the client. The commands that Parse put
// into the batch before it are valid and executed first; then the server replies
// "ERR " + Error() and closes the connection.
type ProtoError struct {
	text string
}

// Error returns Redis's text, beginning with "Protocol error: ".
func (e *ProtoError) Error() string { return e.text }

var (
	errMultibulkLen     = &ProtoError{"Protocol error: invalid multibulk length"}
	errMultibulkPreAuth = &ProtoError{"Protocol error: unauthenticated multibulk length"}
	errMultibulkLine    = &ProtoError{"Protocol error: too big mbulk count string"}
	errBulkLen          = &ProtoError{"Protocol error: invalid bulk length"}
	errBulkPreAuth      = &ProtoError{"Protocol error: unauthenticated bulk length"}
	errBulkLine         = &ProtoError{"Protocol error: too big bulk count string"}
	errInlineLine       = &ProtoError{"Protocol error: too big inline request"}
	errInlineQuotes     = &ProtoError{"Protocol error: unbalanced quotes in request"}
)

// errNotBulk is for a command whose next argument begins with got instead of '$'. As
// in every error reply of Redis, a line end inside the text becomes a space.
func errNotBulk(got byte) *ProtoError {
	if got == '\r' || got == '\n' {
		got = ' '
	}
	return &ProtoError{"Protocol error: expected '$', got '" + string([]byte{got}) + "'"}
}
