package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// SideReport says what is in the side file of an AOF, which a server leaves behind that was killed.
type SideReport struct {
	Path   string
	Bytes  int64
	Chunks int64
	lacks  map[string]*lack // by the path of a file
	order  []string         // these paths
}

// lack is what a file lacks: the File of a filler that changes nothing.
type lack struct{ b []byte }

func (l *lack) Write(b []byte) (int, error) { l.b = append(l.b, b...); return len(b), nil }
func (l *lack) Sync() error                 { return nil }
func (l *lack) Truncate(size int64) error   { l.b = l.b[:size]; return nil }
func (l *lack) Close() error                { return nil }

// CheckSide reads the side file of an AOF, and changes nothing; nil if there is none. path is the
// AOF's directory or its manifest; a single file has no side file.
func CheckSide(path string) (*SideReport, error) {
	path, err := manifestOf(path)
	if err != nil || !strings.HasSuffix(path, manifestEnding) {
		return nil, err
	}
	m, err := readManifest(OS{}, path)
	if err != nil {
		return nil, err
	}
	dir, name := filepath.Split(strings.TrimSuffix(path, manifestEnding))
	a := &AOF{fs: OS{}, dir: dir, name: name, log: slog.New(slog.DiscardHandler)}
	r := &SideReport{Path: a.sidePath(), lacks: map[string]*lack{}}
	f, err := os.Open(r.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		r.Bytes = info.Size()
	}
	fill := filler{a: a, open: func(path string) (File, error) {
		l := &lack{}
		r.lacks[path], r.order = l, append(r.order, path)
		return l, nil
	}}
	err = fill.all(f, m)
	r.Chunks = fill.chunks
	return r, err
}

// of is what a file lacks.
func (r *SideReport) of(path string) []byte {
	if r == nil || r.lacks[path] == nil {
		return nil
	}
	return r.lacks[path].b
}

// String is the report as text of several lines.
func (r *SideReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d bytes, %d chunks of records that were waiting for the disk\n", r.Path, r.Bytes, r.Chunks)
	for _, p := range r.order {
		fmt.Fprintf(&b, "  %d bytes are missing in %s: kring-server puts them into it when it starts.\n"+
			"  They were acknowledged. Let it start before another server, or redis-check-aof --fix, has the directory.\n", len(r.of(p)), p)
	}
	if len(r.order) == 0 {
		b.WriteString("  the files lack none of them: kring-server removes it when it starts\n")
	}
	return b.String()
}
