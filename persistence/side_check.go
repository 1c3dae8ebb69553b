package persistence

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// SideReport says what is in the side file of an AOF, which a server leaves behind that was killed.
type SideReport struct {
	Path   string
	Bytes  int64
	Chunks int64
	lacks  map[string][]byte // by the path of a file, what it lacks
	order  []string          // these paths
}

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
	r := &SideReport{Path: filepath.Join(dir, "temp-"+name+sideEnding), lacks: map[string][]byte{}}
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
	chunks := sideReader{in: bufio.NewReader(f)}
	for {
		seq, at, content, ok := chunks.next()
		if !ok {
			return r, nil
		}
		r.Chunks++
		p := m.increment(seq)
		if p == nil {
			continue
		}
		if fits, err := r.add(filepath.Join(dir, p.name), at, content); !fits || err != nil {
			return r, err
		}
	}
}

// add takes what a file lacks of content, as filler.fill does.
func (r *SideReport) add(path string, at int64, content []byte) (fits bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // CheckAOF says so
	} else if err != nil {
		return false, err
	}
	lacks := r.lacks[path]
	size := info.Size() + int64(len(lacks))
	if size < at {
		return false, nil
	}
	if more := content[min(size-at, int64(len(content))):]; len(more) > 0 {
		if lacks == nil {
			r.order = append(r.order, path)
		}
		r.lacks[path] = append(lacks, more...)
	}
	return true, nil
}

// of is what a file lacks.
func (r *SideReport) of(path string) []byte {
	if r == nil {
		return nil
	}
	return r.lacks[path]
}

// String is the report as text of several lines.
func (r *SideReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d bytes, %d chunks of records that were waiting for the disk\n", r.Path, r.Bytes, r.Chunks)
	for _, p := range r.order {
		fmt.Fprintf(&b, "  %d bytes are missing in %s: kring-server puts them into it when it starts.\n"+
			"  They were acknowledged. Let it start before another server, or redis-check-aof --fix, has the directory.\n", len(r.lacks[p]), p)
	}
	if len(r.order) == 0 {
		b.WriteString("  the files lack none of them: kring-server removes it when it starts\n")
	}
	return b.String()
}
