package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// part is one file that a manifest names.
type part struct {
	name string
	seq  int64
}

// manifest lists the files that make the data: the base, then the increments in their
// order. History is what may be deleted.
type manifest struct {
	base    *part
	incr    []part
	history []part
	baseSeq int64 // the highest ever used
	incrSeq int64
}

// errManifest prefixes what is wrong with a manifest.
var errManifest = errors.New("AOF manifest")

func badLine(number int, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", errManifest, number, fmt.Sprintf(format, args...))
}

// parseManifest reads the text of a manifest: lines of pairs of words, of which file, seq
// and type must be there; a line that begins with # is a comment.
func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	names := map[string]bool{}
	number := 0
	if len(text) == 0 {
		return nil, fmt.Errorf("%w: it is empty", errManifest)
	}
	if text[len(text)-1] != '\n' {
		return nil, fmt.Errorf("%w: its last line has no end", errManifest)
	}
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && line[0] == '#' {
			continue
		}
		if len(line) == 0 || len(line) > maxManifestLine {
			return nil, badLine(number, "it has %d characters", len(line))
		}
		p, kind, err := parsePart(string(line), number)
		if err != nil {
			return nil, err
		}
		if names[p.name] {
			return nil, badLine(number, "file %s is named twice", p.name)
		}
		names[p.name] = true
		switch kind {
		case "b":
			if m.base != nil {
				return nil, badLine(number, "a second base, %s", p.name)
			}
			m.base, m.baseSeq = &p, p.seq
		case "i":
			if p.seq <= m.incrSeq {
				return nil, badLine(number, "sequence number %d does not follow %d", p.seq, m.incrSeq)
			}
			m.incr = append(m.incr, p)
			m.incrSeq = p.seq
		case "h":
			m.history = append(m.history, p)
		default:
			return nil, badLine(number, "unknown type %q", kind)
		}
	}
	if m.base == nil && len(m.incr) == 0 && len(m.history) == 0 {
		return nil, fmt.Errorf("%w: it names no file", errManifest)
	}
	return m, nil
}

// parsePart reads one line. Unknown keys are left out, as Redis does.
func parsePart(line string, number int) (p part, kind string, err error) {
	words, ok := splitWords(line)
	if !ok || len(words)%2 != 0 || len(words) < 6 {
		return p, "", badLine(number, "want file, seq and type, found %q", line)
	}
	for i := 0; i < len(words); i += 2 {
		switch val := words[i+1]; strings.ToLower(words[i]) {
		case "file":
			p.name = val
		case "seq":
			p.seq, err = strconv.ParseInt(val, 10, 64)
			if err != nil || p.seq <= 0 {
				return p, "", badLine(number, "sequence number %q", val)
			}
		case "type":
			kind = val
		}
	}
	switch {
	case p.name == "" || p.seq == 0 || kind == "":
		return p, "", badLine(number, "want file, seq and type, found %q", line)
	case !plainName(p.name):
		return p, "", badLine(number, "%q is a path, not a name", p.name)
	}
	return p, kind, nil
}

// plainName tells whether a name stays in its directory.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}

// splitWords splits a line at spaces; a word may stand in double quotes with escapes, as
// Redis writes a name with spaces, or in single quotes.
func splitWords(line string) (words []string, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return words, true
		}
		var word string
		switch line[0] {
		case '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, false
			}
			if word, err = strconv.Unquote(quoted); err != nil {
				return nil, false
			}
			line = line[len(quoted):]
		case '\'':
			end := strings.IndexByte(line[1:], '\'')
			if end < 0 {
				return nil, false
			}
			word, line = line[1:1+end], line[end+2:]
		default:
			if end := strings.IndexAny(line, " \t"); end >= 0 {
				word, line = line[:end], line[end:]
			} else {
				word, line = line, ""
			}
			words = append(words, word)
			continue
		}
		if line != "" && line[0] != ' ' && line[0] != '\t' {
			return nil, false
		}
		words = append(words, word)
	}
}

// text is the manifest as it is written.
func (m *manifest) text() []byte {
	var b bytes.Buffer
	line := func(p part, kind string) {
		name := p.name
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '"' || r == '\'' || r == '\\' || r > '~' }) || name[0] == '#' {
			name = quoteBytes(name)
		}
		fmt.Fprintf(&b, "file %s seq %d type %s\n", name, p.seq, kind)
	}
	if m.base != nil {
		line(*m.base, "b")
	}
	for _, p := range m.history {
		line(p, "h")
	}
	for _, p := range m.incr {
		line(p, "i")
	}
	return b.Bytes()
}

// quoteBytes quotes as Redis does: what is not printable ASCII as \xHH.
func quoteBytes(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, "\\x%02x", c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

func (m *manifest) clone() *manifest {
	c := *m
	c.incr = append([]part(nil), m.incr...)
	c.history = append([]part(nil), m.history...)
	if m.base != nil {
		b := *m.base
		c.base = &b
	}
	return &c
}

// parts lists the files to load, in their order.
func (m *manifest) parts() []part {
	var all []part
	if m.base != nil {
		all = append(all, *m.base)
	}
	return append(all, m.incr...)
}

// increment finds an increment by its number, nil if there is none.
func (m *manifest) increment(seq int64) *part {
	for i := range m.incr {
		if m.incr[i].seq == seq {
			return &m.incr[i]
		}
	}
	return nil
}

// readManifest reads the manifest file.
func readManifest(f FS, path string) (*manifest, error) {
	r, err := f.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxManifestBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxManifestBytes {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", errManifest, path, maxManifestBytes)
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// writeManifest replaces the manifest file: after it returned nil the new one is durable,
// after an error the old one or the new one stands there, whole.
func writeManifest(f FS, dir, path, temp string, m *manifest) error {
	w, err := f.Create(temp)
	if err != nil {
		return err
	}
	_, err = writeAll(w, m.text())
	if err == nil {
		err = w.Sync()
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = f.Rename(temp, path)
	}
	if err != nil {
		_ = f.Remove(temp)
		return err
	}
	return f.SyncDir(dir)
}

// writeAll writes b, and takes a short write for what Redis takes it for: a full disk.
func writeAll(w io.Writer, b []byte) (n int, err error) {
	for n < len(b) {
		var k int
		k, err = w.Write(b[n:])
		n += k
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.ErrShortWrite
		}
	}
	return n, nil
}
