package resp

import (
	"strings"
	"testing"
)

// argumentsSink keeps the compiler from leaving out what nobody reads.
var argumentsSink [][]byte

// BenchmarkArguments is one command of a pipeline of 32: with arguments as views in pooled
// slices, as the parser makes them, with a fresh slice of views for each command, and with
// a copy of each argument, as readers of the protocol usually hand them out. The latter two
// are the parser plus what they allocate, so less than a parser of their own would take.
// docs/IO-MODELS.md shows what it prints.
func BenchmarkArguments(b *testing.B) {
	for _, cmd := range []struct{ name, text string }{
		{"GET", multibulk("GET", key16)},
		{"SET64B", multibulk("SET", key16, val64)},
		{"SET4KB", multibulk("SET", key16, strings.Repeat("v", 4<<10))},
	} {
		for _, kind := range []string{"pooled", "slices", "copies"} {
			b.Run(cmd.name+"/"+kind, func(b *testing.B) {
				benchBatches(b, cmd.text, func(batch *Batch) {
					if kind != "pooled" {
						allocateArguments(batch, kind == "copies")
					}
				})
			})
		}
	}
}

func allocateArguments(batch *Batch, copies bool) {
	for i := range batch.N {
		args := make([][]byte, len(batch.Cmds[i].Args))
		for j, a := range batch.Cmds[i].Args {
			args[j] = a
			if copies {
				args[j] = append([]byte(nil), a...)
			}
		}
		argumentsSink = args
	}
}
