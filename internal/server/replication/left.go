package replication

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/kringdb/kring/persistence"
)

// TempCopy is the name of a file for a copy of the data that goes to a replica, or comes from a primary. It
// has the number of the process, because servers may share the directory.
func TempCopy(n int64) string { return fmt.Sprintf("temp-repl-%d-%d.rdb", os.Getpid(), n) }

// TempSave is the name of the snapshot's file until it is whole. A server that was killed has left it, and a new one
// has another number.
func TempSave() string { return fmt.Sprintf("temp-save-%d.rdb", os.Getpid()) }

var tempCopy = regexp.MustCompile(`^temp-(?:save-([0-9]+)|repl-([0-9]+)-[0-9]+)\.rdb$`)

// RemoveLeft removes copies and unfinished snapshots in a directory whose server was killed: what another one is
// making stays. started is when this server was.
func RemoveLeft(fs persistence.FS, dir string, started time.Time, log *slog.Logger) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return // who needs the directory says so
	}
	for _, e := range all {
		path := filepath.Join(dir, e.Name())
		if !leftBehind(path, started) {
			continue
		}
		if err := fs.Remove(path); err != nil {
			log.Warn("what a killed server has left unfinished cannot be removed", "file", path, "error", err)
			continue
		}
		log.Info("what a killed server has left unfinished is removed", "file", path)
	}
}

// leftBehind tells whether nobody makes the file any more. A process with our number was another one if the
// file is older than this server: in a container it is the same number every time.
func leftBehind(path string, started time.Time) bool {
	name := tempCopy.FindStringSubmatch(filepath.Base(path))
	if name == nil {
		return false
	}
	pid, err := strconv.Atoi(name[1] + name[2]) // one of the two is empty
	if err != nil || pid <= 0 || pid > mostPID {
		return false
	}
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || !st.ModTime().Before(started) {
		return false
	}
	return pid == os.Getpid() || !lives(pid)
}

// lives tells whether there is such a process; where that cannot be found out there is.
func lives(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}
