package rawclient

import (
	"fmt"
	"strconv"
)

// AppendCommand appends a command in multibulk form.
func AppendCommand(b []byte, args ...string) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(args)), 10)
	b = append(b, '\r', '\n')
	for _, a := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, '\r', '\n')
		b = append(b, a...)
		b = append(b, '\r', '\n')
	}
	return b
}

// AppendInline appends a command as a text line, each argument quoted where needed.
func AppendInline(b []byte, args ...string) []byte {
	for i, a := range args {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, quoteIfNeeded(a)...)
	}
	return append(b, '\r', '\n')
}

func quoteIfNeeded(a string) string {
	if a == "" {
		return `""`
	}
	for i := 0; i < len(a); i++ {
		if c := a[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			return Quote(a)
		}
	}
	return a
}

// Quote gives an argument in double quotes, as redis-cli and inline commands read it.
func Quote(a string) string {
	b := make([]byte, 0, len(a)+2)
	b = append(b, '"')
	for i := 0; i < len(a); i++ {
		switch c := a[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c < ' ' || c >= 0x7f:
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
