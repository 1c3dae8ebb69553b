//go:build !linux

package harness

import (
	"errors"
	"syscall"
	"time"
)

var errNoProc = errors.New("process accounts are read from /proc, which is Linux only")

func childAttributes() *syscall.SysProcAttr { return nil }

// CPU is available on Linux only.
func (s *Server) CPU() (time.Duration, error) { return 0, errNoProc }

// CPUSplit is available on Linux only.
func (s *Server) CPUSplit() (user, system time.Duration, err error) { return 0, 0, errNoProc }

// RSS is available on Linux only.
func (s *Server) RSS() (int64, error) { return 0, errNoProc }

// WatchPeak is available on Linux only.
func (s *Server) WatchPeak() int64 { return 0 }

// PeakRSS is available on Linux only.
func (s *Server) PeakRSS() int64 { return 0 }

// OpenFiles is available on Linux only.
func (s *Server) OpenFiles() (int, error) { return 0, errNoProc }
