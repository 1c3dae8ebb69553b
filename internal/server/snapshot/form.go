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
}

// commands is the form of an AOF without images.
type commands struct{ rb command.Rebuild }

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

// images is the form of RDB.
type images struct {
	enc *rdb.Encoder
	out image.Exporter
}

// Images returns what makes forms that write entries as images of a format; clocks are nil if
// nothing is to be written of how entries are used.
func Images(f rdb.Format, clocks *image.Clocks) func() Form {
	return func() Form { return &images{enc: rdb.NewEncoder(f), out: image.Exporter{Clocks: clocks}} }
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
