package netio

import (
	"os"
	"runtime"
	"syscall"
)

// wayGiver is how a stripe's goroutine lets the others run that it holds up with much work. To
// call the scheduler is not enough: that runs goroutines which are ready, and looks for sockets which
// are only when none is left, which is never while several stripes have much to do. So the goroutine waits
// in the netpoller, for a byte that it sends itself: it is not ready then, and the byte is found with whatever
// else has come.
type wayGiver struct {
	from, to *os.File // a pipe, made when there is need of it
	raw      syscall.RawConn
	try      func(uintptr) bool
	byte     [1]byte
	asked    bool
	none     bool // there is no pipe
}

// give lets others run. It is the stripe's goroutine's, which does not hold the mutex.
func (w *wayGiver) give() {
	if w.raw == nil && !w.none {
		w.open()
	}
	if w.none {
		runtime.Gosched()
		return
	}
	if w.asked = false; w.raw.Read(w.try) != nil {
		w.close()
	}
}

func (w *wayGiver) open() {
	w.none = true
	if !canReadRaw {
		return
	}
	var err error
	if w.from, w.to, err = os.Pipe(); err != nil {
		return // there are no more descriptors: then without
	}
	if w.raw, err = w.from.SyscallConn(); err == nil {
		w.try, w.none = w.look, false
	}
}

// look sends the byte the first time, when whoever waits has begun to, so that it is not missed.
func (w *wayGiver) look(fd uintptr) bool {
	if !w.asked {
		w.asked = true
		if _, err := w.to.Write(w.byte[:]); err == nil {
			return false
		}
	}
	n, err := sysRead(int(fd), w.byte[:])
	return n > 0 || !isAgain(err)
}

// close ends it; it may be called again, and give then only calls the scheduler.
func (w *wayGiver) close() {
	w.none = true
	if w.from != nil {
		_ = w.from.Close() // nothing is lost with it
		_ = w.to.Close()
		w.from, w.to = nil, nil
	}
}
