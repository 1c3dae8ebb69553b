package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
)

// settle gives back what only the start needed, when the server is ready: the garbage of the
// Go heap, and the pages of the program's file that are mapped. Of the latter the kernel
// maps again, from its cache, what is still used; it is less than half.
func settle() {
	defer debug.FreeOSMemory() // and so what a collection needs of the file is mapped again
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	self, err := filepath.EvalSymlinks("/proc/self/exe")
	if err != nil {
		return
	}
	for _, m := range cleanMappings(f, self) {
		// It fails where the pages are locked in memory, which is as well.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
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
