package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// settle gives back what only the start needed, when the server is ready: the garbage of the
// Go heap, and the pages of the program's file that are mapped. Of these the kernel maps again, from its cache and in
// pieces of 64 KB, what is still used. Each collection of the Go heap reads the collector's tables from end to
// end, which little else does, so the pages are given back after later ones, too.
func settle() {
	debug.FreeOSMemory() // before, for it maps much of the file itself
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	self, err := filepath.EvalSymlinks("/proc/self/exe")
	if err != nil {
		return
	}
	clean := cleanMappings(smaps, self)
	for _, m := range clean {
		m.drop()
	}
	if len(clean) > 0 {
		(&collections{file: clean, rest: fileRest}).await()
	}
}

// drop unmaps the pages of a range; who reads there maps them again. It fails where they
// are locked in memory, which is as well.
func (m mapping) drop() {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
}

// collections gives back what is mapped of the file, some rest after a collection of the Go heap: while the heap is
// collected all the time the tables are needed.
type collections struct {
	file    []mapping
	rest    time.Duration
	pending atomic.Bool  // they are about to be given back
	given   atomic.Int64 // how often they were
}

// sentinel is an object that the next collection finds dead. It is too large to share its
// place with others, which would keep it alive.
type sentinel [4]uint64

// await has ended called after the next collection.
func (c *collections) await() { runtime.AddCleanup(new(sentinel), (*collections).ended, c) }

// ended is run by the runtime after a collection.
func (c *collections) ended() {
	if !c.pending.Swap(true) {
		time.AfterFunc(c.rest, c.giveBack)
	}
	c.await()
}

func (c *collections) giveBack() {
	c.pending.Store(false)
	for _, m := range c.file {
		m.drop()
	}
	c.given.Add(1)
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// cleanMappings reads smaps and returns where file is mapped, cannot be written to, and never
// was: all that is there can be read from the file again. What the loader relocated is not.
func cleanMappings(smaps io.Reader, file string) (found []mapping) {
	var m mapping
	ours := false
	for s := bufio.NewScanner(smaps); s.Scan(); {
		line := s.Text()
		var at mapping // the names of fields may begin with hexadecimal digits, too
		var flags string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &at.from, &at.to, &flags); n == 3 {
			_, name, _ := strings.Cut(line, "/")
			m, ours = at, "/"+name == file && strings.HasPrefix(flags, "r-")
			continue
		}
		if rest, ok := strings.CutPrefix(line, "Anonymous:"); ok && ours && strings.TrimSpace(rest) == "0 kB" {
			found = append(found, m)
		}
	}
	return found
}
