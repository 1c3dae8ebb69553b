package compat

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
)

// G makes random choices; all of them come from one seed.
type G struct {
	r        *rand.Rand
	extremes int    // of 100 commands so many have extreme numbers
	focus    *Group // half of the commands are of this group; nil: as the groups' weights say
}

// NewG gives the generator of a seed.
func NewG(seed uint64) *G {
	return &G{r: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)), extremes: extremesPercent, focus: focused()}
}

// NewExtremeG is NewG with many more extreme numbers.
func NewExtremeG(seed uint64) *G {
	g := NewG(seed)
	g.extremes = 50
	return g
}

// N gives 0 <= n < max.
func (g *G) N(max int) int { return g.r.IntN(max) }

// P is true in p of 100 cases.
func (g *G) P(p int) bool { return g.r.IntN(100) < p }

// Pick chooses one of its arguments.
func (g *G) Pick(words ...string) string { return words[g.N(len(words))] }

// Key chooses from the pool, mostly from its front.
func (g *G) Key() string {
	if g.P(60) {
		return keyWords[g.N(5)]
	}
	return keyWords[g.N(len(keyWords))]
}

// Keys gives 1 to max keys.
func (g *G) Keys(max int) []string {
	out := make([]string, 1+g.N(max))
	for i := range out {
		out[i] = g.Key()
	}
	return out
}

// Num gives an integer that Redis reads; Odd one that it mostly does not.
func (g *G) Num() string {
	if g.P(50) {
		return strconv.Itoa(g.N(20) - 3)
	}
	return numberWords[g.N(len(numberWords))]
}

// Odd gives an odd spelling.
func (g *G) Odd() string { return oddNumberWords[g.N(len(oddNumberWords))] }

// Int gives mostly an integer and sometimes an odd spelling.
func (g *G) Int() string {
	if g.P(8) {
		return g.Odd()
	}
	return g.Num()
}

// Index gives a position within small values, or an edge.
func (g *G) Index() string {
	if g.P(75) {
		return strconv.Itoa(g.N(60) - 20)
	}
	return g.Int()
}

// Offset gives where a write may begin: small, or refused by both servers.
func (g *G) Offset() string {
	switch g.N(20) {
	case 0:
		return g.Odd()
	case 1:
		return g.Pick("536870912", "4294967296", "9223372036854775807", "-1", "70000", "131072")
	case 2, 3:
		return strconv.Itoa(g.N(3000))
	}
	return strconv.Itoa(g.N(80))
}

// Float gives an increment.
func (g *G) Float() string {
	if g.P(12) {
		return g.Odd()
	}
	return floatWords[g.N(len(floatWords))]
}

// Value gives a value to store.
func (g *G) Value() string {
	switch n := g.N(100); {
	case n < 45:
		return textWords[g.N(len(textWords))]
	case n < 75:
		return g.Num()
	case n < 85:
		return g.Odd()
	case n < 90:
		return g.Float()
	case n < 98:
		b := make([]byte, g.N(24))
		for i := range b {
			b[i] = byte(g.N(256))
		}
		return string(b)
	case n < 99:
		return strings.Repeat("big", 1000+g.N(4000))
	}
	return strings.Repeat("0123456789abcdef", 4096+g.N(300)) // just beyond 64 KB
}

// Seconds gives a relative deadline that does not pass during a run and is unlike
// every other one, so that no comparison of two deadlines depends on timing.
func (g *G) Seconds() string {
	if g.P(12) {
		return g.Pick("0", "-1", "-100", "9223372036854775807", "-9223372036854775808", "9223372036854775",
			"-9223372036854775", "9223370000000000", g.Odd())
	}
	return strconv.Itoa(10_000 + g.N(1_000_000_000))
}

// Millis is Seconds in milliseconds.
func (g *G) Millis() string {
	if g.P(12) {
		return g.Pick("0", "-1", "-100000", "9223372036854775807", "-9223372036854775808", "9223370000000000000", g.Odd())
	}
	return strconv.Itoa(10_000_000 + 10_000*g.N(100_000_000))
}

// UnixSeconds gives a point in time, far away or past.
func (g *G) UnixSeconds() string {
	if g.P(20) {
		return g.Pick("0", "1", "-1", "1000000000", "9223372036854775807", "9223372036854775", "-9223372036854775808", g.Odd())
	}
	return strconv.Itoa(4_000_000_000 + g.N(1_000_000_000))
}

// UnixMillis is UnixSeconds in milliseconds.
func (g *G) UnixMillis() string {
	if g.P(20) {
		return g.Pick("0", "1", "-1", "1000000000000", "9223372036854775807", "-9223372036854775808", g.Odd())
	}
	return strconv.Itoa(4_000_000_000_000 + 1000*g.N(1_000_000_000))
}

// Deadline gives an option of SET and GETEX with its argument.
func (g *G) Deadline() []string {
	switch g.N(4) {
	case 0:
		return []string{g.Case("EX"), g.Seconds()}
	case 1:
		return []string{g.Case("PX"), g.Millis()}
	case 2:
		return []string{g.Case("EXAT"), g.UnixSeconds()}
	}
	return []string{g.Case("PXAT"), g.UnixMillis()}
}

// Case sometimes changes a word's letters to lower or mixed case.
func (g *G) Case(w string) string {
	switch g.N(6) {
	case 0:
		return strings.ToLower(w)
	case 1:
		return w[:1] + strings.ToLower(w[1:])
	}
	return w
}

// Sequence generates one sequence.
func (g *G) Sequence() []Step {
	n := sequenceStepsMin + g.N(sequenceStepsMax-sequenceStepsMin)
	pipelined := g.P(40)
	oneConn := g.P(60)
	var steps []Step
	if g.P(40) {
		steps = append(steps, Step{Args: []string{"HELLO", "3"}})
	}
	batch := 0
	var open openMultis
	for len(steps) < n {
		conn := 0
		if !oneConn && g.P(40) {
			conn = g.N(connsCount)
		}
		if g.P(2) && !open[conn] {
			steps = append(steps, g.expired(conn)...)
			batch = 0
			continue
		}
		if g.P(2) {
			steps = append(steps, g.scan(conn))
			continue
		}
		if g.P(1) {
			steps = append(steps, g.mixedScores(conn)...)
			batch = 0
			continue
		}
		st := Step{Conn: conn, Args: g.Command(), Inline: g.P(6)}
		if name := st.Name(); open[conn] && (name == "zrank" || name == "zrevrank") && len(st.Args) > 3 {
			st.Args = st.Args[:3] // the oracle would spoil the transaction for a third argument, which 7.4 queues
		}
		if st.Inline && !inlineFits(st.Args) {
			st.Inline = false
		}
		if pipelined && batch < batchStepsMax && len(steps) > 0 && st.Name() != "quit" && steps[len(steps)-1].Name() != "quit" {
			st.Batch = g.P(90)
		}
		batch++
		if !st.Batch {
			batch = 0
		}
		steps = append(steps, st)
		open.note(st)
	}
	return steps
}

// expired gives a key whose deadline has passed without anybody having looked, one
// command that meets it, and a look that removes it on both sides.
func (g *G) expired(conn int) []Step {
	key := g.Key()
	met := g.commandOf(Groups[g.N(2)])
	if g.P(50) {
		met = g.commandOf(&genericGroup)
	}
	for i := 1; i < len(met); i++ {
		if len(met[i]) > 0 && (isKeyWord(met[i])) {
			met[i] = key
			break
		}
	}
	steps := []Step{
		{Conn: conn, Args: []string{"SET", key, g.Value(), "PX", "1"}},
		{Op: "pass", Args: []string{strconv.Itoa(passMillis)}},
	}
	switch Step.Name(Step{Args: met}) {
	case "keys", "dbsize", "randomkey", "scan", "swapdb", "select", "memory|usage", "debug|object":
	default:
		if allowed(met) {
			steps = append(steps, Step{Conn: conn, Args: met})
		}
	}
	return append(steps, Step{Conn: conn, Args: []string{"EXISTS", key}})
}

func isKeyWord(w string) bool {
	for _, k := range keyWords {
		if k == w {
			return true
		}
	}
	return false
}

func (g *G) scan(conn int) Step {
	st := Step{Conn: conn, Op: "scan"}
	if g.P(50) {
		st.Args = append(st.Args, g.Case("MATCH"), patternWords[g.N(len(patternWords))])
	}
	if g.P(50) {
		st.Args = append(st.Args, g.Case("COUNT"), g.Pick("1", "2", "10", "1000", "9223372036854775807"))
	}
	if g.P(30) {
		st.Args = append(st.Args, g.Case("TYPE"), g.Pick("string", "STRING", "list", "nosuch"))
	}
	return st
}

// Command generates one command, damaged in some cases.
func (g *G) Command() []string {
	for {
		args := g.commandOf(g.group())
		if g.P(9) {
			args = g.damage(args)
		}
		if g.P(g.extremes) {
			args = g.extreme(args)
		}
		if allowed(args) {
			return args
		}
	}
}

// focused is the group that COMPAT_FOCUS names, nil: it names none.
func focused() *Group {
	name := os.Getenv("COMPAT_FOCUS")
	for _, gr := range Groups {
		if name != "" && gr.Name == name {
			return gr
		}
	}
	return nil
}

func (g *G) group() *Group {
	if g.focus != nil && g.P(50) {
		return g.focus
	}
	total := 0
	for _, gr := range Groups {
		total += gr.Weight
	}
	n := g.N(total)
	for _, gr := range Groups {
		if n -= gr.Weight; n < 0 {
			return gr
		}
	}
	return Groups[0]
}

func (g *G) commandOf(gr *Group) []string {
	total := 0
	for i := range gr.Gens {
		total += gr.Gens[i].weight()
	}
	n := g.N(total)
	for i := range gr.Gens {
		if n -= gr.Gens[i].weight(); n < 0 {
			args := gr.Gens[i].Make(g)
			args[0] = g.Case(args[0])
			return args
		}
	}
	return nil
}

func (gen *Gen) weight() int {
	if gen.Weight == 0 {
		return 10
	}
	return gen.Weight
}

// damage makes a command wrong in one way; sometimes it stays right.
func (g *G) damage(args []string) []string {
	out := append([]string(nil), args...)
	at := g.N(len(out))
	switch g.N(9) {
	case 0:
		out = out[:len(out)-1]
	case 1:
		out = append(out, g.Value())
	case 2:
		out = append(out, optionWords[g.N(len(optionWords))])
	case 3:
		if at > 0 {
			out[at] = g.Odd()
		}
	case 4:
		if at > 0 {
			out = append(out[:at+1], out[at:]...)
		}
	case 5:
		if len(out) > 2 {
			at = 1 + g.N(len(out)-1)
			out[1], out[at] = out[at], out[1]
		}
	case 6:
		out = append(out, out[1:]...)
	case 7:
		if at > 0 {
			out[at] = optionWords[g.N(len(optionWords))]
		}
	case 8:
		out = append(out[:at:at], out[min(at+1, len(out)):]...)
	}
	if len(out) == 0 || out[0] == "" {
		return args
	}
	return out
}

// mayNameConnection tells whether a small number may be the id of a connection: of one here, and
// of another one there.
func mayNameConnection(name string, args []string) bool {
	switch name {
	case "client|list", "client|kill", "client|unblock", "client|tracking":
		return slices.ContainsFunc(args[2:], func(a string) bool {
			n, err := strconv.ParseInt(a, 10, 64)
			return err == nil && n > 0 && n < 100_000
		})
	}
	return false
}

// allowed refuses what would make a run slow, deaf or dependent on time.
func allowed(args []string) bool {
	name := Step{Args: args}.Name()
	if blocksLong(args) || mayNameConnection(name, args) {
		return false
	}
	switch name {
	case "eval", "eval_ro":
		return scriptedAllowed(args)
	case "sort", "sort_ro":
		return sortAllowed(args)
	case "setrange", "setbit", "bitfield":
		for _, a := range args[1:] {
			n, err := strconv.ParseInt(strings.TrimPrefix(a, "#"), 10, 64)
			if err == nil && n > sizeHarmlessMax && n < sizeRefusedMin && (name != "bitfield" || a[0] != '#') && !isValueOf(name, args, a) {
				return false
			}
			if err == nil && a[0] == '#' && n > 10_000 && n < sizeRefusedMin {
				return false
			}
		}
	case "lrem": // the oracle removes elements by -2^63, which 7.4 refuses; a case has it, where there are none
		return len(args) < 3 || args[2] != strconv.Itoa(math.MinInt64)
	case "command|getkeys", "command|getkeysandflags": // since 7.2 one word is enough, also within MULTI
		return len(args) != 3
	case "config|set": // no sequence takes a limit back
		for i, a := range args[2:] {
			if strings.EqualFold(a, "maxmemory") && len(args) > i+3 && strings.Trim(args[i+3], "0123456789") != args[i+3] && args[i+3] != "-1" {
				return false
			}
		}
	case "client|reply", "client|pause", "client|kill":
		for _, a := range args[2:] {
			switch strings.ToUpper(a) {
			case "OFF", "SKIP", "NORMAL", "SKIPME", "TYPE", "USER", "MAXAGE", "ADDR":
				return false
			}
		}
	case "hello": // since 7.2 AUTH and SETNAME wait for the rest to be right, so each stands alone here
		for i, a := range args {
			if strings.EqualFold(a, "SETNAME") && (i != 2 || len(args) != 4) ||
				strings.EqualFold(a, "AUTH") && (i != 2 || len(args) != 5) {
				return false
			}
		}
	case "save": // ACL SAVE without its first word; Kring has no snapshots
		return false
	case "scan": // the oracle reads a cursor up to its first NUL
		return len(args) < 2 || !strings.Contains(args[1], "\x00")
	case "hscan", "sscan", "zscan":
		return len(args) < 3 || !strings.Contains(args[2], "\x00")
	case "bzpopmin", "bzpopmax":
		return slices.Contains(shortTimeouts, args[len(args)-1])
	case "bzmpop":
		return len(args) < 2 || slices.Contains(shortTimeouts, args[1])
	case "shutdown", "debug|sleep", "monitor", "sync", "psync":
		return false
	case "unsubscribe", "punsubscribe", "sunsubscribe": // a reply for each channel
		return len(args) <= 2
	case "subscribe", "psubscribe", "ssubscribe": // messages would stand where replies are expected
		return len(args) == 1
	case "set", "getex", "psetex", "setex", "expire", "pexpire", "expireat", "pexpireat":
		return !nearDeadline(args)
	}
	return true
}

// isValueOf tells whether an argument is the last one of a command whose value stands
// there, so that its size does not matter.
func isValueOf(name string, args []string, a string) bool {
	return name == "setrange" && len(args) > 3 && a == args[3] && a != args[2]
}

// nearDeadline finds a deadline that would pass during the run, or be compared with
// one set a moment before.
func nearDeadline(args []string) bool {
	name := Step{Args: args}.Name()
	for i, a := range args[1:] {
		if i == 0 {
			continue
		}
		n, err := strconv.ParseInt(a, 10, 64)
		if err != nil || n <= 0 {
			continue
		}
		switch name {
		case "set", "getex":
			prev := strings.ToUpper(args[i])
			if prev == "EX" && n < 10_000 || prev == "PX" && n < 10_000_000 {
				return true
			}
			// SET keeps a key whose deadline is past until somebody looks at it.
			if name == "set" && (prev == "EXAT" && n < 4e9 || prev == "PXAT" && n < 4e12) {
				return true
			}
		case "psetex", "pexpire":
			return n < 10_000_000
		case "setex", "expire":
			return n < 10_000
		}
	}
	return false
}

func inlineFits(args []string) bool {
	n := 0
	for _, a := range args {
		n += 4*len(a) + 3
	}
	return n < 60_000 && len(args) > 0 && args[0] != ""
}
