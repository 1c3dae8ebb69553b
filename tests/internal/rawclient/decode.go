package rawclient

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ErrProtocol marks a reply that is no RESP.
var ErrProtocol = errors.New("reply breaks the protocol")

// Decode reads one value.
func Decode(r *bufio.Reader) (Value, error) { return decode(r, 0) }

func decode(r *bufio.Reader, level int) (Value, error) {
	if level > MaxNestingLevels {
		return Value{}, fmt.Errorf("%w: nested deeper than %d", ErrProtocol, MaxNestingLevels)
	}
	line, err := readLine(r)
	if err != nil {
		return Value{}, err
	}
	if len(line) == 0 {
		return Value{}, fmt.Errorf("%w: empty line", ErrProtocol)
	}
	kind, text := Kind(line[0]), line[1:]
	switch kind {
	case Simple, Error, Double, BigNum:
		return Value{Kind: kind, Str: text}, nil
	case Bool:
		if text != "t" && text != "f" {
			return Value{}, fmt.Errorf("%w: bool %q", ErrProtocol, text)
		}
		return Value{Kind: kind, Str: text}, nil
	case Null:
		if text != "" {
			return Value{}, fmt.Errorf("%w: null %q", ErrProtocol, text)
		}
		return Value{Kind: kind}, nil
	case Int:
		n, err := parseInt(text)
		return Value{Kind: kind, Int: n}, err
	case Bulk, Verbatim, BlobErr:
		return decodeBulk(r, kind, text)
	case Array, Map, Set, Push, '|':
		return decodeAggregate(r, kind, text, level)
	}
	return Value{}, fmt.Errorf("%w: line %q", ErrProtocol, line)
}

func decodeBulk(r *bufio.Reader, kind Kind, text string) (Value, error) {
	n, err := parseInt(text)
	if err != nil {
		return Value{}, err
	}
	if n == -1 && kind == Bulk {
		return Value{Kind: kind, Nil: true}, nil
	}
	if n < 0 {
		return Value{}, fmt.Errorf("%w: length %d", ErrProtocol, n)
	}
	buf := make([]byte, n+2)
	if _, err := io.ReadFull(r, buf); err != nil {
		return Value{}, err
	}
	if buf[n] != '\r' || buf[n+1] != '\n' {
		return Value{}, fmt.Errorf("%w: bulk of %d not ended by CRLF", ErrProtocol, n)
	}
	return Value{Kind: kind, Str: string(buf[:n])}, nil
}

func decodeAggregate(r *bufio.Reader, kind Kind, text string, level int) (Value, error) {
	n, err := parseInt(text)
	if err != nil {
		return Value{}, err
	}
	if n == -1 && kind == Array {
		return Value{Kind: kind, Nil: true}, nil
	}
	if n < 0 || n > MaxElementsCount {
		return Value{}, fmt.Errorf("%w: %d elements", ErrProtocol, n)
	}
	if kind == Map || kind == '|' {
		n *= 2
	}
	v := Value{Kind: kind, Elems: make([]Value, 0, min(n, 1<<16))}
	for range n {
		e, err := decode(r, level+1)
		if err != nil {
			return Value{}, err
		}
		v.Elems = append(v.Elems, e)
	}
	if kind != '|' {
		return v, nil
	}
	follows, err := decode(r, level)
	follows.Attrs = v.Elems
	return follows, err
}

func parseInt(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%w: number %q", ErrProtocol, s)
	}
	return n, nil
}

// readLine reads up to CRLF and returns what stands before it.
func readLine(r *bufio.Reader) (string, error) {
	s, err := r.ReadString('\n')
	if err != nil {
		if err == io.EOF && s != "" {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	if len(s) < 2 || s[len(s)-2] != '\r' {
		return "", fmt.Errorf("%w: line %q not ended by CRLF", ErrProtocol, s)
	}
	return s[:len(s)-2], nil
}
