package persistence

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
)

// FileReport says what is in a file of an AOF.
type FileReport struct {
	Path     string
	Bytes    int64            // those included that only the side file has
	Snapshot *rdb.Report      // what it begins with, nil: records only
	Records  int64            // outside and inside of units
	Units    int64            // MULTI ... EXEC
	Commands map[string]int64 // records by name, in lower case
	Whole    int64            // up to which offset it can be loaded
}

// CheckAOF reads an AOF without executing or changing anything, and says what is in its
// files, in the order in which they would be loaded, with what a side file has of them
// (CheckSide). path is its directory, its manifest or a single file. The error, if it is not of the file system, is a *LoadError; the
// reports are of what comes before it.
func CheckAOF(path string) ([]FileReport, error) {
	paths, err := filesOf(path)
	if err != nil {
		return nil, err
	}
	side, err := CheckSide(path)
	if err != nil {
		return nil, err
	}
	last := 0
	for i, p := range paths {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &LoadError{p, -1, "the manifest names it, but it does not exist", adviceMissing}
		}
		if err != nil {
			return nil, err
		}
		if info.Size() > 0 || len(side.of(p)) > 0 {
			last = i // a file whose successors are empty is as good as the last one
		}
	}
	var all []FileReport
	for i, p := range paths {
		r := FileReport{Path: p, Commands: map[string]int64{}}
		err := r.check(i >= last, side.of(p))
		all = append(all, r)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// manifestOf returns the manifest in a directory, and what is no directory as it is.
func manifestOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, err
	}
	found, err := filepath.Glob(filepath.Join(path, "*"+manifestEnding))
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(p string) bool { return strings.HasPrefix(filepath.Base(p), "temp-") })
	if len(found) != 1 {
		return "", fmt.Errorf("%s has %d manifests, not one: name the manifest or a file", path, len(found))
	}
	return found[0], nil
}

// filesOf returns the files of an AOF.
func filesOf(path string) ([]string, error) {
	path, err := manifestOf(path)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(path, manifestEnding) {
		return []string{path}, nil
	}
	m, err := readManifest(OS{}, path)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, p := range m.parts() {
		paths = append(paths, filepath.Join(filepath.Dir(path), p.name))
	}
	return paths, nil
}

// check reads one file, and what is behind it. last: it may end within a record.
func (r *FileReport) check(last bool, behind []byte) error {
	f, err := os.Open(r.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r.Bytes = info.Size() + int64(len(behind))
	in := io.Reader(f)
	begin, _ := io.ReadAll(io.LimitReader(f, rdb.MagicBytes))
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if rdb.IsMagic(begin) {
		var rerr *rdb.Error
		r.Snapshot, in, err = rdb.CheckBegin(f, true)
		r.Whole = r.Snapshot.Bytes
		if errors.As(err, &rerr) {
			r.Whole = 0
			what := rerr.Err.Error()
			if rerr.Key != nil {
				what = fmt.Sprintf("in its snapshot, key %q of database %d: %s", rerr.Key, rerr.DB, what)
			}
			return &LoadError{r.Path, rerr.Offset, what, "Restore the file from a copy; nothing was changed."}
		}
		if err != nil {
			return err
		}
	}
	return r.records(io.MultiReader(in, bytes.NewReader(behind)), last)
}

// records reads the records from r.Whole on.
func (r *FileReport) records(in io.Reader, last bool) error {
	sc := scanner{r: in, left: r.Bytes - r.Whole, base: r.Whole, beforeMove: func() error { return nil }}
	unit := false
	var args resp.Args
	for {
		start := sc.offset()
		rec, err := sc.next(args[:0])
		if err != nil {
			return r.ended(&sc, err, start, unit, last)
		}
		args = rec
		what := ""
		switch name := rec[0]; {
		case len(name) > 0 && name[0] == '#':
		case isName(name, "MULTI") && unit:
			what = "MULTI within MULTI"
		case isName(name, "EXEC") && !unit:
			what = "EXEC without MULTI"
		case isName(name, "MULTI"):
			unit = true
		case isName(name, "EXEC"):
			unit = false
			r.Units++
		default:
			r.Records++
			r.Commands[strings.ToLower(string(name[:min(len(name), maxLineBytes)]))]++
		}
		if what != "" {
			return &LoadError{r.Path, start, what, adviceDamaged}
		}
		if !unit {
			r.Whole = sc.offset()
		}
	}
}

// ended draws the conclusion where nothing more can be read.
func (r *FileReport) ended(sc *scanner, err error, start int64, unit, last bool) error {
	var bad damage
	if errors.Is(err, errCut) {
		err = sc.cutOrDamaged()
	}
	switch {
	case errors.Is(err, io.EOF) && !unit:
		return nil
	case errors.As(err, &bad):
		return &LoadError{r.Path, start, bad.Error(), adviceDamaged}
	case !errors.Is(err, io.EOF) && !errors.Is(err, errCut):
		return err
	}
	what := "its last record is cut off"
	if unit {
		what = "its last transaction is cut off"
	}
	if !last {
		return &LoadError{r.Path, r.Whole, what + ", but other files follow it", adviceDamaged}
	}
	return &LoadError{r.Path, r.Whole, what, adviceCut}
}

// String is the report as text of several lines.
func (r *FileReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d bytes, whole up to %d, %d records, %d transactions\n", r.Path, r.Bytes, r.Whole, r.Records, r.Units)
	if r.Snapshot != nil {
		for line := range strings.Lines(r.Snapshot.String()) {
			b.WriteString("  " + line)
		}
	}
	names := slices.Collect(maps.Keys(r.Commands))
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(r.Commands[y], r.Commands[x]), cmp.Compare(x, y))
	})
	for _, name := range names {
		fmt.Fprintf(&b, "  %-11s %d\n", name, r.Commands[name])
	}
	return b.String()
}
