package server

import "testing"

// TestCrashSparesTheProgram: a server that is a part of a program, as here, does not end it.
func TestCrashSparesTheProgram(t *testing.T) {
	s := startServer(t, "enable-debug-command", "yes")
	c := dial(t, s)
	for _, word := range []string{"SEGFAULT", "panic"} {
		c.want("ERR the server is a part of a program, which it does not end", "DEBUG", word)
	}
}
