package resp

import "fmt"

// mostScannedArgs bounds the arguments of a command that ScanCommand takes.
const mostScannedArgs = 1 << 30

// Damage is what is wrong with a command that a server has written.
type Damage string

func (d Damage) Error() string { return string(d) }

// ScanCommand reads one command at the front of b, as servers write them for others to repeat, into
// a file or a stream of replication: it is stricter than Parser, which reads what clients write.
// n is its length in bytes; 0 if it is not complete: then it takes at least need bytes. Its arguments,
// which are appended to args, are views of b. An error is a Damage.
func ScanCommand(b []byte, args Args) (cmd Args, n, need int, err error) {
	count, at, err := scanHeader(b, '*')
	if err != nil || at == 0 {
		return nil, 0, len(b) + 1, err
	}
	if count == 0 || count > mostScannedArgs {
		return nil, 0, 0, Damage(fmt.Sprintf("a record of %d arguments", count))
	}
	for range count {
		size, head, err := scanHeader(b[at:], '$')
		if err != nil || head == 0 {
			return nil, 0, len(b) + 1, err
		}
		at += head
		if size > len(b)-at-2 {
			// The two bytes behind it may be there in part already.
			if end := at + size; end < len(b) && b[end] != '\r' {
				return nil, 0, 0, Damage("an argument of another length than it says")
			}
			return nil, 0, at + size + 2, nil
		}
		if b[at+size] != '\r' || b[at+size+1] != '\n' {
			return nil, 0, 0, Damage("an argument of another length than it says")
		}
		args = append(args, b[at:at+size:at+size])
		at += size + 2
	}
	return args, at, 0, nil
}

// scanHeader reads a line of kind and a number. at is 0 if it is not complete.
func scanHeader(b []byte, kind byte) (n, at int, err error) {
	if len(b) == 0 {
		return 0, 0, nil
	}
	if b[0] != kind {
		return 0, 0, Damage(fmt.Sprintf("%q where %q is to be", b[0], kind))
	}
	for at = 1; at < len(b); at++ {
		c := b[at]
		if c == '\r' {
			break
		}
		if c < '0' || c > '9' || at > 18 {
			return 0, 0, Damage(fmt.Sprintf("%q is no number", b[1:at+1]))
		}
		n = n*10 + int(c-'0')
	}
	switch {
	case at == len(b) || at+1 == len(b):
		return 0, 0, nil
	case at == 1 || b[at+1] != '\n':
		return 0, 0, Damage("a header line without an end")
	}
	return n, at + 2, nil
}
