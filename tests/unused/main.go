// Unused is a tool for go vet (make lint): staticcheck's check of what is unused, without
// the rest of staticcheck. Go vet has it look at our own packages alone and remembers what
// it found, as it remembers what it built; staticcheck goes through all that they import.
//
//	go vet -vettool=$(go -C tests tool -n unused) ./...
package main

import (
	"fmt"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
	"honnef.co/go/tools/unused"
)

func main() { unitchecker.Main(analyzer) }

var analyzer = &analysis.Analyzer{
	Name:     "unused",
	Doc:      "report what nobody uses",
	Requires: []*analysis.Analyzer{unused.Analyzer.Analyzer},
	Run:      run,
}

// place is where an object is declared: a field of a generic type is an object of its own
// in each instance, and used if it is in any.
type place struct {
	file string
	line int
	name string
}

func placeOf(o unused.Object) place {
	return place{o.Position.Filename, o.Position.Line, o.Name}
}

// run reports the unused objects of a package. Go vet gives it a package together with its
// tests where there are any, so what only tests use counts as used.
func run(pass *analysis.Pass) (any, error) {
	found := pass.ResultOf[unused.Analyzer.Analyzer].(unused.Result)
	used := make(map[place]bool, len(found.Used))
	for _, o := range found.Used {
		used[placeOf(o)] = true
	}
	files := map[string]*token.File{}
	for _, f := range pass.Files {
		file := pass.Fset.File(f.FileStart)
		files[file.Name()] = file
	}
	for _, o := range found.Unused {
		if used[placeOf(o)] {
			continue
		}
		file := files[o.Position.Filename]
		if file == nil {
			return nil, fmt.Errorf("%s is in no file of the package", o.Position)
		}
		pass.Reportf(file.Pos(o.Position.Offset), "%s %s is unused", o.Kind, o.Name)
	}
	return nil, nil
}
