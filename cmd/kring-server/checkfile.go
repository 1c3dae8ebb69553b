package main

import (
	"fmt"
	"io"
	"os"

	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
)

// checkFile looks at the one file that args names with check, which prints what is in it.
// It starts and changes nothing. The exit code is 1 when something is wrong with it.
func checkFile(args []string, flag string, stdout, stderr io.Writer, check func(path string, out io.Writer) error) int {
	if len(args) != 1 {
		fmt.Fprintf(stderr, "kring-server: %s needs a file, and nothing else\n", flag)
		return 1
	}
	if err := check(args[0], stdout); err != nil {
		fmt.Fprintf(stdout, "%s: broken: %v\n", args[0], err)
		return 1
	}
	fmt.Fprintf(stdout, "%s: ok\n", args[0])
	return 0
}

func checkRDB(path string, out io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := rdb.Check(f)
	fmt.Fprint(out, report)
	return err
}

func checkAOF(path string, out io.Writer) error {
	reports, err := persistence.CheckAOF(path)
	for i := range reports {
		fmt.Fprint(out, &reports[i])
	}
	if side, _ := persistence.CheckSide(path); side != nil {
		fmt.Fprint(out, side)
	}
	return err
}
