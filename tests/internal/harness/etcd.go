package harness

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// etcdBinary gives the program of tests/etcd: $KRING_ETCD, as make has built it, else one that is built
// now, for good: it changes with etcd's version only.
var etcdBinary = sync.OnceValues(func() (string, error) {
	if p := os.Getenv("KRING_ETCD"); p != "" {
		return filepath.Abs(p)
	}
	root, err := ProductRoot()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, "bin", "etcd")
	if err := goBuild(bin, filepath.Join(root, "tests", "etcd"), "."); err != nil {
		return "", err
	}
	return bin, nil
})

// Etcd is one running member of an etcd. Its methods are for one goroutine.
type Etcd struct {
	Addr string // for clients
	Dir  string

	cmd *exec.Cmd
	out output
}

// StartEtcd starts an etcd whose data are in dir, with further arguments of tests/etcd, and waits until
// it serves.
func StartEtcd(dir string, args ...string) (*Etcd, error) {
	bin, err := etcdBinary()
	if err != nil {
		return nil, err
	}
	e := &Etcd{Dir: dir, cmd: exec.Command(bin, append([]string{"-dir", dir}, args...)...)}
	e.cmd.Stderr = &e.out
	e.cmd.SysProcAttr = childAttributes()
	stdout, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		ready <- line
	}()
	select {
	case line := <-ready:
		var ok bool
		if e.Addr, ok = strings.CutPrefix(strings.TrimSpace(line), "ready "); ok {
			return e, nil
		}
		err = errors.New("it has ended")
	case <-time.After(ReadyTimeout):
		err = errors.New("it does not become ready")
	}
	_ = e.Kill()
	return nil, fmt.Errorf("etcd: %w\n%s", err, e.out.String())
}

// Kill ends it at once.
func (e *Etcd) Kill() error {
	err := e.cmd.Process.Kill()
	_ = e.cmd.Wait()
	return err
}

// Signal sends a signal to the process.
func (e *Etcd) Signal(s os.Signal) error { return e.cmd.Process.Signal(s) }
