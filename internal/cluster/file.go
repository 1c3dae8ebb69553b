package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/kringdb/kring/internal/files"
)

// File is the coordinator of a node that stands alone, or of nodes whose topology never changes:
// what is written without a lease is kept in a file, and each node has its own. The file is one
// JSON document:
//
//	{"revision": 7, "pairs": {"epoch": 4, "node/<id>": {...}, "shard/<id>": {...}}}
type File struct {
	*Memory
	path  string
	found fs.FileInfo // the file as this process read or wrote it last; nil: none. Under Memory's lock
}

type document struct {
	Revision int64                      `json:"revision"`
	Pairs    map[string]json.RawMessage `json:"pairs"`

	// Of a file that nodes share: when each key was written last, which must be the same for all who read it, the leases,
	// and which of them a key was written with.
	Written map[string]int64       `json:"written,omitempty"`
	Leases  map[string]sharedLease `json:"leases,omitempty"`
	Leased  map[string]string      `json:"leased,omitempty"`
}

// OpenFile reads a file. If there is none, it is made by the first transaction.
func OpenFile(path string) (*File, error) {
	f := &File{Memory: NewMemory(), path: path}
	f.persist = f.write
	d, err := readDocument(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.mu.revision = d.Revision
	for key, value := range d.Pairs {
		f.mu.pairs[key] = kept{value: value, revision: d.Revision}
	}
	f.found, err = os.Stat(path)
	return f, err
}

// readDocument reads a file.
func readDocument(path string) (d document, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return d, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	if d.Revision < 1 {
		return d, fmt.Errorf("%s: a revision is 1 at least", path)
	}
	for key, raw := range d.Pairs {
		var value bytes.Buffer
		if err := json.Compact(&value, raw); err != nil {
			return d, fmt.Errorf("%s: %w", path, err)
		}
		d.Pairs[key] = value.Bytes()
	}
	return d, nil
}

// write replaces a file.
func (d document) write(path string) (fs.FileInfo, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := files.Replace(path, append(text, '\n'), 0o644); err != nil {
		return nil, err
	}
	return os.Stat(path)
}

// write makes pairs durable, unless only those with a lease have changed. The lock is held.
func (f *File) write(revision int64, pairs map[string]kept) error {
	d := document{Revision: revision, Pairs: map[string]json.RawMessage{}}
	changed := f.found == nil
	for key, p := range pairs {
		if p.lease == nil {
			d.Pairs[key] = p.value
			changed = changed || p.revision == revision
		}
	}
	for key, p := range f.mu.pairs {
		changed = changed || p.lease == nil && d.Pairs[key] == nil
	}
	if !changed {
		return nil
	}
	if err := f.check(); err != nil {
		return err
	}
	found, err := d.write(f.path)
	if err == nil {
		f.found = found
	}
	return err
}

// check tells whether the file is the one that this process knows: two nodes with the same file
// would undo each other's changes.
func (f *File) check() error {
	now, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case f.found == nil || !os.SameFile(now, f.found) || !now.ModTime().Equal(f.found.ModTime()):
		return fmt.Errorf("%s has been changed by somebody else", f.path)
	}
	return nil
}
