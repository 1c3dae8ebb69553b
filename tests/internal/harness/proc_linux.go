package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// childAttributes lets the kernel end a server whose test process died. Ctrl-C is for that alone: it ends
// its servers itself.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// CPU gives the user plus system time that the process has used so far.
func (s *Server) CPU() (time.Duration, error) {
	user, system, err := s.CPUSplit()
	return user + system, err
}

// CPUSplit is CPU as its two parts (fields 14 and 15 of /proc/PID/stat).
func (s *Server) CPUSplit() (user, system time.Duration, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID))
	if err != nil {
		return 0, 0, err
	}
	// The command name may hold blanks: count fields after its closing parenthesis.
	_, rest, ok := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0, 0, fmt.Errorf("/proc/%d/stat: %q", s.PID, b)
	}
	u, err1 := strconv.ParseInt(fields[11], 10, 64)
	k, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("/proc/%d/stat: %q", s.PID, b)
	}
	const tick = time.Second / clockTicksPerSecond
	return time.Duration(u) * tick, time.Duration(k) * tick, nil
}

// RSS gives the resident bytes of the process.
func (s *Server) RSS() (int64, error) { return s.statusBytes("VmRSS:") }

// WatchPeak lets PeakRSS begin anew, and returns the resident bytes of this moment; 0 when
// the system does not allow it.
func (s *Server) WatchPeak() int64 {
	if os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.PID), []byte("5"), 0) != nil {
		return 0
	}
	n, err := s.RSS()
	if err != nil {
		return 0
	}
	return n
}

// PeakRSS is the most that was resident since WatchPeak; 0 when the process has ended.
func (s *Server) PeakRSS() int64 {
	n, err := s.statusBytes("VmHWM:")
	if err != nil {
		return 0
	}
	return n
}

// statusBytes reads an amount of memory from /proc/PID/status.
func (s *Server) statusBytes(field string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s of pid %d", field, s.PID)
}

// OpenFiles counts the descriptors that the process holds.
func (s *Server) OpenFiles() (int, error) {
	d, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID))
	return len(d), err
}
