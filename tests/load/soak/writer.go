package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

const (
	batchMax      = 64
	bigValueBytes = 200_000
	smallBytesMax = 200
	shortTTL      = 20 * time.Millisecond
)

// writer owns the keys with its prefix, and knows what each must hold.
type writer struct {
	j     *job
	rnd   *rand.Rand
	id    int
	keys  int
	model map[string]string
}

func newWriter(j *job, o options, id int) *writer {
	return &writer{j: j, rnd: rand.New(rand.NewPCG(o.seed, uint64(id))), id: id, keys: o.keysOfWriter, model: map[string]string{}}
}

func (w *writer) key() string { return fmt.Sprintf("w%d:%d", w.id, w.rnd.IntN(w.keys)) }

func (w *writer) value() string {
	switch n := w.rnd.IntN(1000); {
	case n < 300:
		return strconv.Itoa(w.rnd.IntN(1_000_000) - 500_000)
	case n < 998:
		return strings.Repeat(string(rune('a'+w.rnd.IntN(26))), w.rnd.IntN(smallBytesMax))
	}
	return strings.Repeat("B", w.rnd.IntN(bigValueBytes))
}

// run sends pipelines of random length and checks every reply.
func (w *writer) run() error {
	c, err := w.j.srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for !w.j.stop.Load() {
		n := 1 + w.rnd.IntN(batchMax)
		want := make([]string, n)
		sent := make([][]string, n)
		for i := range n {
			sent[i], want[i] = w.command()
			c.Queue(sent[i]...)
		}
		got, err := c.Exchange(n)
		if err != nil {
			return err
		}
		for i, v := range got {
			if v.String() != want[i] {
				return fmt.Errorf("%.200s: got %.200s, want %.200s", rawclient.Line(sent[i]), v, want[i])
			}
		}
		w.j.ops.Add(int64(n))
	}
	return nil
}

// command chooses a command, applies it to the model, and gives the expected reply.
func (w *writer) command() (args []string, want string) {
	k := w.key()
	old, exists := w.model[k]
	switch w.rnd.IntN(10) {
	case 0, 1, 2:
		v := w.value()
		w.model[k] = v
		return []string{"SET", k, v}, "+OK"
	case 3, 4, 5:
		if !exists {
			return []string{"GET", k}, "$(nil)"
		}
		return []string{"GET", k}, "$" + rawclient.Quote(old)
	case 6:
		delete(w.model, k)
		if exists {
			return []string{"DEL", k}, ":1"
		}
		return []string{"DEL", k}, ":0"
	case 7:
		if len(old) > bigValueBytes {
			old = ""
			delete(w.model, k)
			return []string{"UNLINK", k}, ":1"
		}
		w.model[k] = old + "tail"
		return []string{"APPEND", k, "tail"}, ":" + strconv.Itoa(len(old)+4)
	case 8: // gone before anybody asks for it again: the name is of its own
		return []string{"SET", fmt.Sprintf("t%d:%d", w.id, w.rnd.Uint64()), "x", "PX", strconv.FormatInt(shortTTL.Milliseconds(), 10)}, "+OK"
	}
	n, err := strconv.ParseInt(old, 10, 64)
	if exists && (err != nil || strconv.FormatInt(n, 10) != old) {
		return []string{"STRLEN", k}, ":" + strconv.Itoa(len(old))
	}
	w.model[k] = strconv.FormatInt(n+7, 10)
	return []string{"INCRBY", k, "7"}, ":" + w.model[k]
}
