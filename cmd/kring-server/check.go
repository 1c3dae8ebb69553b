package main

import (
	"fmt"
	"io"

	"github.com/kringdb/kring/internal/server"
	"github.com/kringdb/kring/internal/server/options"
)

// checkConfig reads the configuration that args, a command line, names, and prints all
// that is wrong or without effect. It starts nothing. The exit code is 1 when a server
// would not start with it.
func checkConfig(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(stderr, "kring-server: --check-config needs a file, and may have options after it")
		return 1
	}
	opts, found := options.Check(args, stdin)
	errors, warnings := 0, 0
	for _, f := range found {
		if f.Warning {
			warnings++
		} else {
			errors++
		}
	}
	if errors == 0 { // else it is not what was meant that would be looked at
		if err := server.CheckOptions(opts); err != nil {
			found = append(found, options.Finding{Source: args[0], Reason: err.Error()})
			errors++
		}
	}
	for _, f := range found {
		fmt.Fprintln(stdout, f)
	}
	verdict := "ok"
	if errors > 0 {
		verdict = "a server would not start with it"
	}
	fmt.Fprintf(stdout, "%s: %d errors, %d warnings: %s\n", args[0], errors, warnings, verdict)
	return min(errors, 1)
}
