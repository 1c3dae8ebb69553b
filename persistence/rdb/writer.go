package rdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// A Writer writes a file: the header, Aux and Function, then for each database Sizes and
// its keys, then Close. What other encoders have made is put in by Raw.
type Writer struct {
	Encoder
	w       io.Writer
	sum     uint64
	written int64
}

// NewWriter begins a file: its header is written.
func NewWriter(w io.Writer, f Format) *Writer {
	x := &Writer{w: w}
	x.init(f)
	x.buf = fmt.Appendf(make([]byte, 0, 2*drainBytes), "REDIS%04d", x.f.Version)
	x.drain = x.flush
	return x
}

// flush writes what has gathered, and then p, which is not copied.
func (w *Writer) flush(p []byte) error {
	for _, b := range [...][]byte{w.buf, p} {
		if len(b) == 0 || w.err != nil { // after an error nothing is written, and nothing gathers
			continue
		}
		if w.f.Checksum {
			w.sum = Checksum(w.sum, b)
		}
		n, err := w.w.Write(b)
		w.written += int64(n)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			w.fail(err)
		}
	}
	w.buf = w.buf[:0]
	return w.err
}

// Written returns how many bytes have gone to the underlying writer, and how many wait.
func (w *Writer) Written() (written int64, waiting int) { return w.written, len(w.buf) }

// Aux writes a name and what it stands for.
func (w *Writer) Aux(name, text string) {
	w.buf = append(w.buf, opAux)
	w.str([]byte(name))
	w.str([]byte(text))
}

// AuxInt is Aux with a number.
func (w *Writer) AuxInt(name string, n int64) { w.Aux(name, strconv.FormatInt(n, 10)) }

// About is what a file tells of its making.
type About struct {
	RedisVersion string // that of the Redis whose behaviour the writer has
	Created      int64  // Unix time in seconds
	UsedMemory   int64  // bytes
	AOFBase      bool   // the file is the base of an AOF
	// Of replication; ReplID "" : nothing is written.
	ReplID     string
	ReplOffset int64
	ReplDB     int
}

// About writes the Aux fields of a, which Redis reads and expects before all else.
func (w *Writer) About(a *About) {
	w.Aux("redis-ver", a.RedisVersion)
	w.AuxInt("redis-bits", 64)
	w.AuxInt("ctime", a.Created)
	w.AuxInt("used-mem", a.UsedMemory)
	if a.ReplID != "" {
		w.AuxInt("repl-stream-db", int64(a.ReplDB))
		w.Aux("repl-id", a.ReplID)
		w.AuxInt("repl-offset", a.ReplOffset)
	}
	base := int64(0)
	if a.AOFBase {
		base = 1
	}
	w.AuxInt("aof-base", base)
}

// Function writes a library of functions; also to a payload, see BeginFunctions.
func (e *Encoder) Function(code []byte) {
	e.buf = append(e.buf, opFunction)
	e.str(code)
	e.flow()
}

// Sizes selects a database and says how many keys, and keys with deadlines, follow: a reader
// makes room for them.
func (w *Writer) Sizes(db int, keys, deadlines uint64) {
	w.Select(db)
	w.buf = append(w.buf, opSizes)
	w.buf = appendLength(w.buf, keys)
	w.buf = appendLength(w.buf, deadlines)
}

// Raw puts in keys, or what an encoder has made of a large one, of the database selected.
func (w *Writer) Raw(p []byte) {
	if len(p) >= drainBytes {
		_ = w.flush(p) // Err has it
		return
	}
	w.buf = append(w.buf, p...)
	w.flow()
}

// Flush writes what has gathered; nothing but time is lost by it.
func (w *Writer) Flush() error { return w.flush(nil) }

// Close ends the file, and returns the first error there was. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	w.buf = append(w.buf, opEnd)
	if err := w.flush(nil); err != nil {
		return err
	}
	w.buf = binary.LittleEndian.AppendUint64(w.buf, w.sum)
	w.f.Checksum = false
	return w.flush(nil)
}
