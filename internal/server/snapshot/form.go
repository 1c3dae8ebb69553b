package snapshot

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// Form writes entries. One goroutine at a time uses it.
type Form interface {
	// Append appends e, of database db, to buf; change says that what stands before it in
	// buf, if anything, is of another database. The lock of e's shard is held. An error says
	// that e cannot be written.
	Append(buf []byte, db int, change bool, e store.Entry) ([]byte, error)
	// Part appends the first part of e, or the next, and tells whether that was the last. What
	// stands before the first may be of any database. Between the parts nothing else is written with the form.
	Part(buf []byte, db int, e store.Entry, first bool) (out []byte, done bool, err error)
}

// commands is the form of an AOF without images.
type commands struct{ rb, parts command.Rebuild }

// Commands writes entries as the commands that make them.
func Commands() Form { return new(commands) }

// Append implements Form.
func (f *commands) Append(buf []byte, db int, change bool, e store.Entry) ([]byte, error) {
	f.rb.Out = buf
	if change {
		f.rb.Begin(2, "SELECT")
		f.rb.Int(int64(db))
	}
	f.rb.Entry(e)
	out := f.rb.Out
	f.rb.Out = nil
	return out, nil
}

// Part implements Form.
func (f *commands) Part(buf []byte, db int, e store.Entry, first bool) (out []byte, done bool, err error) {
	if f.parts.Out = buf; first {
		f.parts.Begin(2, "SELECT")
		f.parts.Int(int64(db))
	}
	done = f.parts.Part(e, first)
	out, f.parts.Out = f.parts.Out, nil
	return out, done, nil
}

// images is the form of RDB.
type images struct {
	format rdb.Format
	enc    *rdb.Encoder
	out    image.Exporter

	parts   *rdb.Encoder // of a value in parts, nil before the first
	partOut image.Exporter
}

// Images returns what makes forms that write entries as images of a format; clocks are nil if
// nothing is to be written of how entries are used.
func Images(f rdb.Format, clocks *image.Clocks) func() Form {
	return func() Form {
		return &images{format: f, enc: rdb.NewEncoder(f), out: image.Exporter{Clocks: clocks}, partOut: image.Exporter{Clocks: clocks}}
	}
}

// Append implements Form.
func (f *images) Append(buf []byte, db int, change bool, e store.Entry) ([]byte, error) {
	f.enc.Swap(buf)
	if change {
		f.enc.Select(db)
	}
	f.out.Write(f.enc, e)
	err := f.enc.Err()
	return f.enc.Swap(nil), err
}

// Part implements Form.
func (f *images) Part(buf []byte, db int, e store.Entry, first bool) (out []byte, done bool, err error) {
	if f.parts == nil {
		f.parts = rdb.NewEncoder(f.format)
	}
	if first {
		f.parts.Reset()
		f.parts.Select(db)
	}
	done = f.partOut.Part(f.parts, e, first)
	return f.parts.Take(buf), done, f.parts.Err()
}
