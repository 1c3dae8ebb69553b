package rawclient

import (
	"fmt"
	"strconv"
	"strings"
)

// Line renders a command in quoted notation; Split reads it back.
func Line(args []string) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = quoteIfNeeded(a)
	}
	return strings.Join(parts, " ")
}

// Split parses quoted notation: blanks separate, double quotes know the escapes \n \r
// \t \xHH \" \\, single quotes know none.
func Split(line string) ([]string, error) {
	var args []string
	for i := 0; ; {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if i >= len(line) {
			return args, nil
		}
		arg, n, err := splitOne(line[i:])
		if err != nil {
			return nil, fmt.Errorf("%w in line %q", err, line)
		}
		args = append(args, arg)
		i += n
	}
}

// splitOne parses the argument that line begins with and gives its length in line.
func splitOne(line string) (arg string, n int, err error) {
	var b strings.Builder
	switch line[0] {
	case '"':
		for i := 1; i < len(line); i++ {
			switch c := line[i]; c {
			case '"':
				return b.String(), i + 1, nil
			case '\\':
				w, err := unescape(&b, line[i+1:])
				if err != nil {
					return "", 0, err
				}
				i += w
			default:
				b.WriteByte(c)
			}
		}
		return "", 0, fmt.Errorf("unbalanced quotes")
	case '\'':
		end := strings.IndexByte(line[1:], '\'')
		if end < 0 {
			return "", 0, fmt.Errorf("unbalanced quotes")
		}
		return line[1 : 1+end], end + 2, nil
	}
	for n < len(line) && line[n] != ' ' && line[n] != '\t' {
		n++
	}
	return line[:n], n, nil
}

// unescape handles what follows a backslash and gives how many bytes it took.
func unescape(b *strings.Builder, s string) (int, error) {
	if s == "" {
		return 0, fmt.Errorf("line ends in a backslash")
	}
	switch s[0] {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if len(s) < 3 {
			return 0, fmt.Errorf("short \\x escape")
		}
		c, err := strconv.ParseUint(s[1:3], 16, 8)
		if err != nil {
			return 0, err
		}
		b.WriteByte(byte(c))
		return 3, nil
	default:
		b.WriteByte(s[0])
	}
	return 1, nil
}
