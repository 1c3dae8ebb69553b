package command

import (
	"fmt"
	"sort"
	"strings"
)

// Markdown returns docs/COMPATIBILITY.md: every command of Redis 7.4 with its state, and
// what Kring has beyond them, from the table.
func (t *Table) Markdown() string {
	have := map[string]*Spec{}
	for _, s := range t.flat {
		if s.Flags&Refused == 0 {
			have[s.FullName] = s
		}
	}
	names := strings.Fields(redisCommands)
	known := map[string]bool{}
	there := 0
	for _, n := range names {
		known[n] = true
		if have[n] != nil {
			there++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Compatibility\n\nMade from the command table by `kring-server --commands-markdown`; do not edit.\n\n"+
		"Of the %d commands and subcommands of Redis 7.4, **%d are there** and %d are not. What is there behaves as Redis 7.4 does, as\n"+
		"far as tests/compat can tell: it compares every reply, and after each sequence the whole keyspace, with Debian's redis-server 7.0;\n"+
		"known differences between 7.0 and 7.4 stand in tests/compat/differences.go.\n", len(names), there, len(names)-there)
	t.writeThere(&b, names, have)
	writeAbsent(&b, names, have)
	b.WriteString(almostTheSame)
	t.writeBeyond(&b, known)
	return b.String()
}

// almostTheSame is what cannot be quite as in Redis, and why.
const almostTheSame = `
## The same but for a digit, or a word

- **Distances that are stored** (STOREDIST) differ from Redis's in the last of 53 bits for 1 pair in 400 (250 of 100,000; GEODIST, which
  shows four decimals, in none of 100,000). Kring's sine, cosine and arcsine are rounded correctly but for fewer than 1 argument in
  10,000, the C library's but for about 1 in 800, and which those are only its own tables say (internal/geohash/trig.go).
- **A limit of the address space** (ulimit -v) below 4 GB (4194304 KB) is refused with a message. Go's runtime comes before the first line
  of Kring, and ends any Go program with words of its own below some 770000 KB and between some 1160000 and 1290000 KB: it reserves 600 MB for its
  tables, then 512 MB more if it gets them, and needs about 100 MB besides.
- **Options of cjson** that a script sets (cjson.encode_max_depth, cjson.encode_sparse_array...) hold until that script ends, since scripts run beside each other; in
  Redis they stay for all scripts that follow. A script that sets what it needs behaves the same. string.dump raises an error: neither loads what it would give.
- **Functions** whose names differ in case only are refused, as FCALL ignores case; redis-server takes them, and calls one or the other. A Lua function that calls itself
  with ever more arguments ends with "not enough memory" (lua-memory-limit), there with "stack overflow".
- **Arguments** of calls are at most 896 MB, whatever proto-max-bulk-len says; strings may grow to 2 GB.
`

// writeThere lists what is there, by group, in one table.
func (t *Table) writeThere(b *strings.Builder, names []string, have map[string]*Spec) {
	byGroup := map[Group][]string{}
	for _, n := range names {
		if s := have[n]; s != nil {
			byGroup[s.Group] = append(byGroup[s.Group], "`"+shown(n)+"`")
		}
	}
	b.WriteString("\n## There\n\n| group | commands |\n|---|---|\n")
	for g := range groups {
		if list := byGroup[Group(g)]; len(list) > 0 {
			fmt.Fprintf(b, "| %s | %s |\n", Group(g), strings.Join(list, " "))
		}
	}
}

// writeAbsent lists what is not there, or only to be refused, by reason.
func writeAbsent(b *strings.Builder, names []string, have map[string]*Spec) {
	byReason := map[string][]string{}
	for _, n := range names {
		if have[n] == nil {
			r := reason(n)
			byReason[r] = append(byReason[r], "`"+shown(n)+"`")
		}
	}
	var reasons []string
	for r := range byReason {
		reasons = append(reasons, r)
	}
	sort.Strings(reasons)
	b.WriteString("\n## Not there\n\n| reason | commands |\n|---|---|\n")
	for _, r := range reasons {
		fmt.Fprintf(b, "| %s | %s |\n", r, strings.Join(byReason[r], " "))
	}
}

// writeBeyond lists what Redis 7.4 does not have.
func (t *Table) writeBeyond(b *strings.Builder, known map[string]bool) {
	b.WriteString("\n## More than Redis does\n\n" + busyNote)
	b.WriteString("\n## Beyond Redis 7.4\n\n| command | since | |\n|---|---|---|\n")
	for _, s := range t.flat {
		if !known[s.FullName] {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", shown(s.FullName), s.Since, s.Summary)
		}
	}
}

// shown writes a command's full name as people type it.
func shown(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "|", " ")) }

// reason is the longest match of absent.
func reason(name string) string {
	best := ""
	for prefix := range absent {
		if strings.HasPrefix(name, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return absent[best]
}

// busyNote tells what is different while a script is busy.
const busyNote = "While a script with declared keys runs for long, only calls on its keys, on those that stand in a shard with one of them (1 in 256 of all, for each), and those that\n" +
	"need all keys (KEYS, SCAN, FLUSHALL, scripts that reach beyond their keys, functions...), wait and are refused with BUSY; all others, CONFIG and INFO too, are served. Four such\n" +
	"scripts run at a time; a fifth waits, and is refused as well. SCRIPT KILL ends all scripts that have not written. A server that is told to end, and saves, ends one that has written\n" +
	"after 5 s; what that has written stays, as after an error in it (redis-server waits for ever). A function, a script that declares no key or has reached beyond those that it declares,\n" +
	"and one in a transaction bar everything, as in Redis.\n"
