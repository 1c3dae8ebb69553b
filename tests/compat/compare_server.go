package compat

import (
	"slices"
	"sort"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// helloAgrees compares HELLO's fields but for those that name one server.
func helloAgrees(_ Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := 0; i+1 < len(o.Elems); i += 2 {
		if !o.Elems[i].Equal(s.Elems[i]) {
			return false
		}
		x, y := o.Elems[i+1], s.Elems[i+1]
		switch o.Elems[i].Str {
		case "version", "id":
			if x.Kind != y.Kind {
				return false
			}
		default:
			if !x.Equal(y) {
				return false
			}
		}
	}
	return true
}

// clientFields of CLIENT LIST are equal on both sides; the others name sockets, ages
// and buffers and must only exist.
var clientFields = map[string]bool{
	"name": true, "flags": true, "db": true, "sub": true, "psub": true, "ssub": true,
	"multi": true, "cmd": true, "user": true, "redir": true, "resp": true,
}

// clientLinesAgree compares CLIENT LIST and CLIENT INFO: the oracle's field names in
// its order (the subject may have more), and the clientFields. Lines are compared
// as a set: with several reactors there is no order between connections.
func clientLinesAgree(_ Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind {
		return false
	}
	a, aNames := clientLines(o.Str)
	b, bNames := clientLines(s.Str)
	return strings.Join(a, "\n") == strings.Join(b, "\n") && subsequence(aNames, bNames)
}

func clientLines(text string) (lines, names []string) {
	text = strings.TrimPrefix(text, "txt:") // RESP3: verbatim
	for line := range strings.Lines(text) {
		var kept []string
		names = names[:0]
		for _, f := range strings.Fields(line) {
			name, _, _ := strings.Cut(f, "=")
			names = append(names, name)
			if clientFields[name] {
				kept = append(kept, f)
			}
		}
		lines = append(lines, strings.Join(kept, " "))
	}
	sort.Strings(lines)
	return lines, names
}

func subsequence(short, long []string) bool {
	i := 0
	for _, name := range long {
		if i < len(short) && short[i] == name {
			i++
		}
	}
	return i == len(short)
}

// infoFields are read by clients and tools: INFO must have them where the oracle has.
var infoFields = strings.Fields(`
	redis_version redis_mode os arch_bits process_id run_id tcp_port uptime_in_seconds
	uptime_in_days hz configured_hz executable config_file io_threads_active
	multiplexing_api server_time_usec
	connected_clients maxclients blocked_clients tracking_clients cluster_connections
	client_recent_max_input_buffer client_recent_max_output_buffer
	used_memory used_memory_human used_memory_rss used_memory_peak maxmemory
	maxmemory_human maxmemory_policy mem_fragmentation_ratio mem_allocator
	total_system_memory lazyfree_pending_objects
	loading rdb_changes_since_last_save rdb_bgsave_in_progress aof_enabled aof_rewrite_in_progress
	total_connections_received total_commands_processed instantaneous_ops_per_sec
	total_net_input_bytes total_net_output_bytes rejected_connections expired_keys
	evicted_keys keyspace_hits keyspace_misses pubsub_channels pubsub_patterns
	role connected_slaves master_replid master_repl_offset repl_backlog_active
	used_cpu_sys used_cpu_user cluster_enabled`)

// infoAgrees compares INFO: the form, the section headers in their order, the presence
// of infoFields, and the keys and expires of each database.
func infoAgrees(_ Step, o, s rawclient.Value) bool {
	return o.Kind == s.Kind && infoDifference(o.Str, s.Str) == ""
}

func infoDifference(oracle, subject string) string {
	oHead, oFields := infoParts(oracle)
	sHead, sFields := infoParts(subject)
	var found []string
	if a, b := strings.Join(oHead, " "), strings.Join(sHead, " "); a != b {
		found = append(found, "sections: "+a+" | "+b)
	}
	for _, name := range infoFields {
		if _, ok := oFields[name]; ok {
			if _, ok := sFields[name]; !ok {
				found = append(found, "missing: "+name)
			}
		}
	}
	for name, val := range oFields {
		if dbField(name) && dbCounts(val) != dbCounts(sFields[name]) {
			found = append(found, name+": "+val+" | "+sFields[name])
		}
	}
	for name := range sFields {
		if _, ok := oFields[name]; !ok && dbField(name) {
			found = append(found, name+" on the subject only")
		}
	}
	sort.Strings(found)
	return strings.Join(found, "\n")
}

// dbField: "db0" to "db15".
func dbField(name string) bool {
	return strings.HasPrefix(name, "db") && len(name) <= 4 && name[2] >= '0' && name[2] <= '9'
}

// histogramsAgree compares LATENCY HISTOGRAM: what calls took is each server's own. Of commands asked for by
// name the numbers of calls must be equal. Those of all commands cannot be after sequences of any kind (scans
// take as many calls as the cursors of a server want, 7.0 forgets blocked calls that time out, and knows less): the
// subject must have what the oracle has.
func histogramsAgree(st Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind {
		return false
	}
	if len(st.Args) > 2 {
		return slices.Equal(histogramCalls(o), histogramCalls(s))
	}
	for i := 0; i < len(o.Elems); i += 2 {
		if _, ok := s.Lookup(o.Elems[i].Text()); !ok {
			return false
		}
	}
	return true
}

func histogramCalls(v rawclient.Value) []string {
	var lines []string
	for i := 0; i+1 < len(v.Elems); i += 2 {
		calls, _ := v.Elems[i+1].Lookup("calls")
		lines = append(lines, v.Elems[i].Str+" "+calls.String())
	}
	sort.Strings(lines)
	return lines
}

// explain says what differs in a reply too long to see it.
func explain(st Step, o, s rawclient.Value) string {
	var a, b []string
	switch st.Name() {
	case "info":
		return infoDifference(o.Str, s.Str)
	case "client|list", "client|info":
		a, _ = clientLines(o.Str)
		b, _ = clientLines(s.Str)
	case "latency|histogram":
		a, b = without(histogramCalls(o), histogramCalls(s)), without(histogramCalls(s), histogramCalls(o))
	case "command|info":
		for i := 0; i < min(len(o.Elems), len(s.Elems)); i++ {
			if x, y := commandEntry(o.Elems[i]), commandEntry(s.Elems[i]); x != y {
				a, b = append(a, x), append(b, y)
			}
		}
	case "command|list":
		has := map[string]bool{}
		for _, name := range s.Texts() {
			has[name] = true
		}
		for _, name := range o.Texts() {
			if coveredCommands()[name] && !has[name] {
				a = append(a, name)
			}
		}
	default:
		return ""
	}
	return "compared by:\n" + strings.Join(a, "\n") + "\n---\n" + strings.Join(b, "\n")
}

// without is a but for what b has, too.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

// optionalSections exist only on one of the two servers by nature.
var optionalSections = map[string]bool{"Modules": true, "Errorstats": true, "Kring": true, "Commandstats": true, "Latencystats": true}

func infoParts(text string) (headers []string, fields map[string]string) {
	fields = map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if head, ok := strings.CutPrefix(line, "# "); ok {
			if !optionalSections[head] {
				headers = append(headers, head)
			}
			continue
		}
		if name, val, ok := strings.Cut(line, ":"); ok {
			fields[name] = val
		}
	}
	return headers, fields
}

// dbCounts keeps "keys=3,expires=1" of a Keyspace line.
func dbCounts(val string) string {
	parts := strings.Split(val, ",")
	return strings.Join(parts[:min(2, len(parts))], ",")
}

// commandInfoAgrees compares the entries of COMMAND INFO by what clients use: name,
// arity, flags, first, last and step, categories and key specs (notes aside). Tips are
// advisory, and a container's list of subcommands grows with the features that exist;
// a subcommand is compared when it is asked for by name.
func commandInfoAgrees(st Step, o, s rawclient.Value) bool {
	if len(st.Args) == 2 {
		return o.Kind == s.Kind && len(s.Elems) > 0 // all commands, in no order
	}
	if o.Kind != s.Kind || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := range o.Elems {
		if commandEntry(o.Elems[i]) != commandEntry(s.Elems[i]) && !notYet(o.Elems[i], s.Elems[i]) {
			return false
		}
	}
	return true
}

// notYet: a command of the oracle's that this project has not reached.
func notYet(o, s rawclient.Value) bool {
	return s.IsNull() && len(o.Elems) > 0 && !coveredCommands()[o.Elems[0].Str]
}

func commandEntry(v rawclient.Value) string {
	if len(v.Elems) < 9 {
		return v.String()
	}
	var b strings.Builder
	for i, e := range v.Elems[:9] {
		switch i {
		case 2, 6:
			e = e.Sorted()
		case 7:
			continue
		case 8:
			e = normaliseSpecs(e)
		}
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// normaliseSpecs sorts flag sets and drops notes within key specs.
func normaliseSpecs(v rawclient.Value) rawclient.Value {
	c := v
	c.Elems = nil
	for i := 0; i < len(v.Elems); i++ {
		e := v.Elems[i]
		if e.Str == "notes" && i+1 < len(v.Elems) {
			i++
			continue
		}
		if e.Str == "flags" && i+1 < len(v.Elems) {
			c.Elems = append(c.Elems, e, v.Elems[i+1].Sorted())
			i++
			continue
		}
		c.Elems = append(c.Elems, normaliseSpecs(e))
	}
	return c
}

// sameWithFlagSets compares COMMAND GETKEYSANDFLAGS: keys in order, flags as sets.
func sameWithFlagSets(_ Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := range o.Elems {
		x, y := o.Elems[i], s.Elems[i]
		if len(x.Elems) != 2 || len(y.Elems) != 2 || !x.Elems[0].Equal(y.Elems[0]) ||
			!x.Elems[1].Sorted().Equal(y.Elems[1].Sorted()) {
			return false
		}
	}
	return true
}

// commandDocsAgree compares COMMAND DOCS of named commands by form, since and group;
// the summaries were reworded after 7.0.
func commandDocsAgree(st Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind {
		return false
	}
	if len(st.Args) == 2 {
		return len(s.Elems) > 0 // all commands: another number on each server
	}
	for _, name := range st.Args[2:] {
		x, inO := o.Lookup(strings.ToLower(name))
		y, inS := s.Lookup(strings.ToLower(name))
		if inO && !inS && !coveredCommands()[strings.ToLower(name)] {
			continue // not yet reached, as in notYet
		}
		if inO != inS || x.Kind != y.Kind {
			return false
		}
		for _, field := range []string{"since", "group"} {
			f, _ := x.Lookup(field)
			g, _ := y.Lookup(field)
			if !f.Equal(g) {
				return false
			}
		}
		if _, ok := x.Lookup("arguments"); ok {
			if _, ok := y.Lookup("arguments"); !ok {
				return false
			}
		}
	}
	return true
}

// commandListAgrees: the subject knows, of the oracle's answer, every command that this
// project has reached (coveredCommands).
func commandListAgrees(_ Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind {
		return false
	}
	has := map[string]bool{}
	for _, name := range s.Texts() {
		has[name] = true
	}
	for _, name := range o.Texts() {
		if coveredCommands()[name] && !has[name] {
			return false
		}
	}
	return true
}

// aclLogAgrees compares who was denied what, where and how often, and which call the client shows. Times differ, and
// the subject has what came with 7.2.
func aclLogAgrees(st Step, o, s rawclient.Value) bool {
	if !sameKind(st, o, s) || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := range o.Elems {
		a, b := o.Elems[i].Texts(), s.Elems[i].Texts()
		for at := 0; at+1 < len(a); at += 2 {
			j := slices.Index(b, a[at])
			switch {
			case j < 0:
				return false
			case a[at] == "age-seconds":
			case a[at] == "client-info":
				if !clientLinesAgree(st, o.Elems[i].Elems[at+1], s.Elems[i].Elems[j+1]) {
					return false
				}
			case a[at+1] != b[j+1]:
				return false
			}
		}
	}
	return true
}
