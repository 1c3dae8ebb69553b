package persistence

import (
	"bytes"
	"strconv"
)

// Mark says which history of replication data are of, and how far they are in it.
type Mark struct {
	ID     string // of the history
	Offset int64
	DB     int // the database that its stream has selected last
	// Follows: the server was a replica that takes no writes but its primary's, which has what comes behind as well.
	Follows bool
}

// A mark stands in the file as an annotation, which is no record. It is true for what stands before it, so one that a
// record follows says nothing. The first one of a file, and one that differs in more than the offset, is whole:
//
//	#REPL:id offset db
//	#REPL:id offset db replica
//	#REPL:offset
const markBegin = "#REPL:"

// markFollows is the last word of a whole mark that has Follows.
const markFollows = "replica"

// markExtraBytes is more than what a mark is long, without its id.
const markExtraBytes = 72

// appendMark appends m to a file whose last mark is last, the zero Mark if it has none.
func appendMark(b []byte, m, last *Mark) []byte {
	b = append(b, markBegin...)
	whole := m.ID != last.ID || m.DB != last.DB || m.Follows != last.Follows
	if whole {
		b = append(b, m.ID...)
		b = append(b, ' ')
	}
	b = strconv.AppendInt(b, m.Offset, 10)
	if whole {
		b = append(b, ' ')
		b = strconv.AppendInt(b, int64(m.DB), 10)
		if m.Follows {
			b = append(b, ' ')
			b = append(b, markFollows...)
		}
	}
	return append(b, '\r', '\n')
}

// AppendMark appends a whole mark to what a file has: what a Source that gives no image ends with.
func AppendMark(b []byte, m *Mark) []byte { return appendMark(b, m, &Mark{}) }

// note appends the mark of this moment to the stream, if there is one and it says anything new. The journal is
// locked.
func (s *stream) note() {
	if !s.live.Load() { // others may record already what does not come here
		return
	}
	m, ok := s.mark(s.log.End())
	if !ok || !s.unmarked && m == s.marked {
		return
	}
	if n := len(m.ID) + markExtraBytes; cap(s.cur)-len(s.cur) < n {
		s.next(n)
	}
	s.cur = appendMark(s.cur, &m, &s.marked)
	s.marked, s.unmarked = m, false
}

// marks reads the marks of files, in their order.
type marks struct {
	mark  Mark
	known bool // the data read so far are what mark says
}

// annotation takes an annotation, and tells whether it is a mark.
func (ms *marks) annotation(text []byte) bool {
	text, ok := bytes.CutPrefix(text, []byte(markBegin))
	if !ok {
		return false
	}
	m, err := ms.mark, error(nil)
	words := bytes.Split(text, []byte(" "))
	switch len(words) {
	case 1:
		m.Offset, err = strconv.ParseInt(string(words[0]), 10, 64)
	case 3, 4:
		m.ID = string(words[0])
		if m.Follows = len(words) == 4; m.Follows && string(words[3]) != markFollows {
			m.ID = ""
		}
		if m.Offset, err = strconv.ParseInt(string(words[1]), 10, 64); err == nil {
			m.DB, err = strconv.Atoi(string(words[2]))
		}
	default:
		m.ID = ""
	}
	if ms.known = err == nil && m.ID != "" && m.Offset >= 0 && m.DB >= 0; ms.known {
		ms.mark = m
	} else {
		ms.mark = Mark{} // it is of somebody else: nothing can be told from it
	}
	return true
}

// image takes what a snapshot at the begin of a file says of itself.
func (ms *marks) image(m Mark) { ms.mark, ms.known = m, m.ID != "" }

// record takes a record: what is read is not what the last mark said.
func (ms *marks) record() { ms.known = false }
