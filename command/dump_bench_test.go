package command

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/resp"
)

// BenchmarkRestore restores hashes of a hundred fields, 512 different ones: a processor learns
// by heart what comes again and again.
func BenchmarkRestore(b *testing.B) {
	const hashes = 512
	r := newRig(b)
	rng := rand.New(rand.NewPCG(3, 4))
	calls := make([]resp.Args, hashes)
	for i := range calls {
		key := fmt.Sprint("hash", i)
		set := argsOf("hset", key)
		for j := range 100 {
			set = append(set, fmt.Append(nil, "field", j), fmt.Append(nil, "value", rng.Uint32N(100_000)))
		}
		r.exec(set)
		payload, err := imagesOf(&r.c).payload(r.st.FindRaw(0, r.st.MakeKey([]byte(key))))
		if err != nil {
			b.Fatal(err)
		}
		calls[i] = argsOf("restore", "restored"+key, "0", string(payload), "replace")
	}
	benchCommand(b, r, calls)
}
