package resp

// This file encodes commands (arrays of bulk strings) into plain slices: for the
// journal, for files and for clients of our own.

// AppendHeader appends kind, n and CRLF.
func AppendHeader(dst []byte, kind byte, n int) []byte {
	dst = append(dst, kind)
	dst = AppendInt(dst, int64(n))
	return append(dst, '\r', '\n')
}

// AppendBulk appends b as a bulk string.
func AppendBulk(dst, b []byte) []byte {
	dst = AppendHeader(dst, '$', len(b))
	dst = append(dst, b...)
	return append(dst, '\r', '\n')
}

// AppendBulkString is AppendBulk for a string.
func AppendBulkString(dst []byte, s string) []byte {
	dst = AppendHeader(dst, '$', len(s))
	dst = append(dst, s...)
	return append(dst, '\r', '\n')
}

// AppendBulkInt appends the decimal text of n as a bulk string.
func AppendBulkInt(dst []byte, n int64) []byte {
	var buf [headerBytes]byte
	return AppendBulk(dst, AppendInt(buf[:0], n))
}

// AppendCommand appends a command of the given arguments.
func AppendCommand(dst []byte, args [][]byte) []byte {
	dst = AppendHeader(dst, '*', len(args))
	for _, a := range args {
		dst = AppendBulk(dst, a)
	}
	return dst
}
