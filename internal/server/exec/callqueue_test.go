package exec

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// TestCallQueue holds that calls come out as they went in, and take about as much as they are long.
func TestCallQueue(t *testing.T) {
	table, err := command.Build(command.All())
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var q callQueue
	var r callReader
	for round := range 3 {
		var calls []command.Call
		total := 0
		for range 5000 {
			call := command.Call{Spec: table.Specs()[rnd.IntN(len(table.Specs()))]}
			for range 1 + rnd.IntN(4) {
				n := rnd.IntN(40)
				if rnd.IntN(200) == 0 {
					n = rnd.IntN(100_000)
				}
				call.Args = append(call.Args, bytes.Repeat([]byte{byte(rnd.IntN(256))}, n))
				total += n
			}
			q.add(&call)
			calls = append(calls, call)
		}
		if q.argBytes != int64(total) || q.n != len(calls) {
			t.Fatalf("round %d: %d calls of %d bytes, want %d of %d", round, q.n, q.argBytes, len(calls), total)
		}
		if most := int64(total + 16*len(calls) + total/4 + queueChunkMost); q.held > most {
			t.Errorf("%d bytes are held for %d", q.held, total)
		}
		r.start(&q)
		var before resp.Args
		for i, want := range calls {
			got := r.next(table.Specs())
			if got.Spec != want.Spec || !sameArgs(got.Args, want.Args) {
				t.Fatalf("call %d is %.200q, want %.200q", i, got.Args, want.Args)
			}
			if i > 0 && !sameArgs(before, calls[i-1].Args) {
				t.Fatalf("call %d is gone when the next has been read", i-1)
			}
			before = got.Args
		}
		r.done()
		q.reset()
	}
}

func sameArgs(a, b resp.Args) bool { return slices.EqualFunc(a, b, bytes.Equal) }
