//go:build unix

package process

import "golang.org/x/sys/unix"

// CPUTimes returns what the process and its children that have ended have used; those that the
// system does not tell of are left out.
func CPUTimes() (times []CPUTime) {
	for _, who := range []struct {
		which    int
		children bool
	}{{unix.RUSAGE_SELF, false}, {unix.RUSAGE_CHILDREN, true}} {
		var ru unix.Rusage
		if err := unix.Getrusage(who.which, &ru); err != nil {
			continue
		}
		times = append(times, CPUTime{
			Children: who.children,
			System:   float64(ru.Stime.Sec) + float64(ru.Stime.Usec)/1e6,
			User:     float64(ru.Utime.Sec) + float64(ru.Utime.Usec)/1e6,
		})
	}
	return times
}

// OSName describes the operating system as INFO does.
func OSName() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}
