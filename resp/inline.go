package resp

// stepInline reads on to the end of an inline line and splits it.
func (p *partial) stepInline(c *cursor, lim *Limits) (stepState, *ProtoError) {
	for c.more() {
		rest := c.buf[c.pos:]
		n := p.lineEnd(rest, '\n', lim)
		p.line += n
		if p.line > lim.MaxInlineBytes {
			return stepWaits, errInlineLine
		}
		line := rest[:n]
		if n == len(rest) { // it goes on in the next node
			c.pos += n
			p.at += n
			if !p.nul { // else it never ends
				p.hold(line)
			}
			continue
		}
		c.pos += n + 1
		p.at += n + 1
		if len(p.inline) > 0 {
			p.hold(line)
			line = p.inline
		}
		if last := len(line) - 1; last >= 0 && line[last] == '\r' {
			line = line[:last]
		}
		args, ok := split(p.args, line, &p.mem)
		p.args = args
		if !ok {
			return stepWaits, errInlineQuotes
		}
		if len(args) == 0 {
			return stepEmpty, nil
		}
		return stepDone, nil
	}
	return stepWaits, nil
}

// hold appends a piece of an inline line to what earlier nodes and reads had of it.
func (p *partial) hold(piece []byte) {
	size := len(p.inline) + len(piece)
	if size > cap(p.inline) {
		grown := p.mem.alloc(max(size, 2*cap(p.inline), 256))
		p.inline = grown[:copy(grown, p.inline)]
	}
	p.inline = append(p.inline, piece...)
}

// split appends the arguments in line to args; those with quotes are decoded into mem.
func split(args [][]byte, line []byte, mem *memory) ([][]byte, bool) {
	for at := 0; ; {
		for at < len(line) && isSpace(line[at]) {
			at++
		}
		if at == len(line) {
			return args, true
		}
		end := at
		for end < len(line) && !endsPlain(line[end]) && !isQuote(line[end]) {
			end++
		}
		if end == len(line) || !isQuote(line[end]) {
			args = append(args, line[at:end:end])
			at = end
			continue
		}
		room := mem.alloc(len(line) - at) // decoding never lengthens
		n := copy(room, line[at:end])
		k, next, ok := unquote(room[n:], line, end)
		if !ok {
			return args, false
		}
		n += k
		mem.trim(len(room) - n)
		args = append(args, room[:n:n])
		at = next
	}
}

// unquote decodes the quoted rest of an argument, whose opening quote is line[at],
// into dst. It returns the decoded length and where the line goes on.
func unquote(dst, line []byte, at int) (n, next int, ok bool) {
	quote := line[at]
	for i := at + 1; i < len(line); i++ {
		ch := line[i]
		switch {
		case ch == quote:
			return n, i + 1, i+1 == len(line) || isSpace(line[i+1])
		case ch != '\\' || i+1 == len(line):
		case quote == '\'':
			if line[i+1] == '\'' {
				ch = '\''
				i++
			}
		case line[i+1] == 'x' && i+3 < len(line) && isHex(line[i+2]) && isHex(line[i+3]):
			ch = hexDigit(line[i+2])<<4 | hexDigit(line[i+3])
			i += 3
		default:
			i++
			ch = unescape(line[i])
		}
		dst[n] = ch
		n++
	}
	return n, len(line), false
}

// unescape is the meaning of ch behind a backslash.
func unescape(ch byte) byte {
	switch ch {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return ch
}

// isSpace is C's isspace: what may stand between arguments.
func isSpace(ch byte) bool { return ch == ' ' || ch-'\t' <= '\r'-'\t' }

// endsPlain tells whether ch ends an unquoted argument. Redis splits there at fewer
// bytes than it skips between arguments: \v and \f belong to the argument.
func endsPlain(ch byte) bool { return ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t' }

func isQuote(ch byte) bool { return ch == '"' || ch == '\'' }

func isHex(ch byte) bool {
	return ch-'0' <= 9 || ch-'a' <= 5 || ch-'A' <= 5
}

func hexDigit(ch byte) byte {
	if ch <= '9' {
		return ch - '0'
	}
	return ch&^0x20 - 'A' + 10
}
