package kit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// ResidentWithChildren is the resident memory of a process and its children together: a fork's pages
// that are not shared any more count for both.
func ResidentWithChildren(pid int) (sum int64) {
	pids := []string{strconv.Itoa(pid)}
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err == nil {
		for _, child := range bytes.Fields(text) {
			pids = append(pids, string(child))
		}
	}
	for _, p := range pids {
		text, err := os.ReadFile(filepath.Join("/proc", p, "smaps_rollup"))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(text) {
			if rest, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
				kb, _ := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
				sum += kb << 10
			}
		}
	}
	return sum
}
