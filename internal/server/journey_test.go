package server

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/persistence/journal"
)

// journeyLayers are what a call goes through, the upper ones first.
var journeyLayers = []string{"internal/server/session", "internal/server/exec", "internal/server/admit", "command", "persistence/journal"}

// besides are the files that a call goes into and comes back from before it is invoked, so that
// no stack shows them.
var besides = []string{"internal/server/exec/lookahead.go", "internal/server/exec/admission.go", "internal/server/admit/admit.go"}

const journeyFilesMax = 10

// TestJourney follows a call from the session that parsed it to its handler and to the journal,
// by the stacks that those two see: it goes through few files, comes back to none that it has
// left, and never from a layer to one above it.
func TestJourney(t *testing.T) {
	j := &journey{t: t, stops: map[string]bool{}}
	s, _ := launch(t, func(s *Server) {
		spec := s.Table.Lookup([]byte("set"))
		set := spec.Handler
		spec.Handler = func(c *command.Ctx) { j.note("handler"); set(c) }
		s.Journal.Log.At(func(uint64) { s.Journal.Log.SubscribeLocked(j) })
	})
	s.awaitReady(t)
	c := dial(t, s)
	for _, kind := range []string{"plain", "admitted"} {
		if kind == "admitted" { // something is to be checked for each call from now on
			c.want("OK", "CONFIG", "SET", "maxmemory", "1gb")
		}
		j.reset()
		c.want("OK", "SET", "key", kind)
		j.check(kind)
	}
	j.checkPage()
}

// journey collects the files of stacks. It subscribes to a journal.
type journey struct {
	t     *testing.T
	mu    sync.Mutex
	files map[string][]string // from the session on, by where the stack was looked at
	stops map[string]bool     // of all kinds
}

func (j *journey) Record(journal.Record) { j.note("journal") }

func (j *journey) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.files = map[string][]string{}
}

// note takes down the files of the caller's stack, the outermost first, each run of frames in
// one file once.
func (j *journey) note(where string) {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var files []string
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		name, ours := strings.CutPrefix(f.Function, "github.com/kringdb/kring/")
		if !ours || strings.HasSuffix(f.File, "_test.go") {
			continue
		}
		// The package's path is the function's name up to the first dot behind the last slash.
		slash := strings.LastIndexByte(name, '/') + 1
		dot := slash + strings.IndexByte(name[slash:], '.')
		files = append(files, name[:dot]+"/"+filepath.Base(f.File))
	}
	slices.Reverse(files)
	files = slices.Compact(files)
	if from := slices.IndexFunc(files, func(f string) bool { return strings.HasPrefix(f, journeyLayers[0]+"/") }); from > 0 {
		files = files[from:]
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.files[where] = files
}

func (j *journey) check(kind string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := map[string]bool{}
	for _, f := range besides {
		all[f] = true
	}
	for _, where := range []string{"handler", "journal"} {
		files := j.files[where]
		j.t.Logf("%s, to the %s: %s", kind, where, strings.Join(files, " "))
		if len(files) < 3 {
			j.t.Fatalf("%s: the stack of the %s tells nothing: %q", kind, where, files)
		}
		layer, once := 0, map[string]bool{}
		for _, f := range files {
			all[f] = true
			if once[f] {
				j.t.Errorf("%s, to the %s: back in %s", kind, where, f)
			}
			once[f] = true
			at := slices.Index(journeyLayers, path.Dir(f))
			if at < layer {
				j.t.Errorf("%s, to the %s: from %s up to %s", kind, where, journeyLayers[layer], f)
			}
			layer = max(layer, at)
		}
	}
	maps.Copy(j.stops, all)
	if len(all)+1 > journeyFilesMax { // and the handler's own, instead of which the test's ran
		j.t.Errorf("%s: %d files and the handler's, more than %d: %v", kind, len(all), journeyFilesMax, all)
	}
}

// pageStops finds the stops that docs/ARCHITECTURE.md names.
var pageStops = regexp.MustCompile(`The journey of a call \(TestJourney holds it\): (.*)\.\n`)

// checkPage compares the stops that were seen with those that a reader is told.
func (j *journey) checkPage() {
	page, err := os.ReadFile("../../docs/ARCHITECTURE.md")
	if err != nil {
		j.t.Fatal(err)
	}
	m := pageStops.FindSubmatch(page)
	if m == nil {
		j.t.Fatal("docs/ARCHITECTURE.md does not say what the journey of a call is")
	}
	told := strings.Split(string(m[1]), ", ")
	slices.Sort(told)
	seen := []string{"its handler"}
	for f := range j.stops {
		seen = append(seen, strings.TrimPrefix(f, "internal/server/"))
	}
	slices.Sort(seen)
	if !slices.Equal(seen, told) {
		j.t.Errorf("a call's journey is %q, docs/ARCHITECTURE.md says %q", seen, told)
	}
}
