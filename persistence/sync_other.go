//go:build !linux

package persistence

import (
	"os"
	"time"
)

func syncData(f *os.File) error { return f.Sync() }

func napThread() { time.Sleep(20 * time.Microsecond) }
