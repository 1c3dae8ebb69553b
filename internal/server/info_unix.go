//go:build unix

package server

import "golang.org/x/sys/unix"

// infoCPU shows the process and its children; what Redis does on its main thread all threads
// do here.
func infoCPU(_ *Server, w *infoWriter) {
	for _, who := range []struct {
		which  int
		suffix string
	}{{unix.RUSAGE_SELF, ""}, {unix.RUSAGE_CHILDREN, "_children"}, {unix.RUSAGE_SELF, "_main_thread"}} {
		var ru unix.Rusage
		if err := unix.Getrusage(who.which, &ru); err != nil {
			continue
		}
		w.sec("used_cpu_sys"+who.suffix, float64(ru.Stime.Sec)+float64(ru.Stime.Usec)/1e6)
		w.sec("used_cpu_user"+who.suffix, float64(ru.Utime.Sec)+float64(ru.Utime.Usec)/1e6)
	}
}

// osName describes the operating system as INFO does.
func osName() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}
