package options

import (
	"fmt"
	"slices"
	"strings"
)

// State tells what Kring does with an option.
type State uint8

const (
	Working  State = iota // means what it means in Redis
	Accepted              // taken and shown; what it means here stands in Row.Means
	Later                 // taken and shown, no effect yet; setting it in a file warns
)

func (s State) String() string {
	return [...]string{"working", "accepted", "later"}[s]
}

// Group is a heading of --help and of the documentation.
type Group uint8

const (
	GroupNetwork Group = iota
	GroupTLS
	GroupGeneral
	GroupClients
	GroupSecurity
	GroupMemory
	GroupLazyFree
	GroupSnapshot
	GroupAppendOnly
	GroupReplication
	GroupCluster
	GroupScripting
	GroupObserve
	GroupData
	GroupHost
	GroupKring
	groupCount
)

func (g Group) String() string {
	return [...]string{
		"Network", "TLS", "General", "Clients", "Security", "Memory and eviction", "Lazy freeing", "Snapshots",
		"Append only file", "Replication", "Cluster", "Scripting", "Slow log, latency and events", "Data structures",
		"Process and host", "Kring's own",
	}[g]
}

// Flags are the properties of an option.
type Flags uint8

const (
	Immutable Flags = 1 << iota // not by CONFIG SET
	Protected                   // by CONFIG SET only as enable-protected-configs says
	Sensitive                   // its value is not to be logged
	Hidden                      // shown by CONFIG GET only for its exact name
	FileOnly                    // unknown to CONFIG GET and SET
	Additive                    // several lines of a file add to each other
	WarnIfSet                   // an Accepted option that warns like a Later one
	Volatile                    // names a file: setting the same value again applies what it holds now
)

// Row is one option.
type Row struct {
	Name    string
	Aliases []string // older names; CONFIG GET lists them too
	Kind    kind
	Default string // as CONFIG GET shows it
	Group   Group
	State   State
	Flags   Flags
	Help    string // one line
	Means   string // what an Accepted option does here, what a Later one leaves undone

	field func(*Options) cell // its place in Options; nil: a cell of its own
}

// entry is a name and its row.
type entry struct {
	name string
	row  int
}

var (
	rows     []Row
	entries  []entry          // in the order of the table, aliases after their option
	byName   map[string]entry // by lower-case name
	defaults []any            // by row
)

func init() {
	if err := buildTable(); err != nil {
		panic("options: " + err.Error())
	}
}

// buildTable joins the groups and verifies the result.
func buildTable() error {
	rows = slices.Concat(networkRows, tlsRows, generalRows, clientRows, securityRows, memoryRows, lazyFreeRows,
		snapshotRows, appendOnlyRows, replicationRows, clusterRows, scriptingRows, observeRows, dataRows, hostRows, kringRows)
	byName = make(map[string]entry, 2*len(rows))
	defaults = make([]any, len(rows))
	for i := range rows {
		r := &rows[i]
		for _, name := range append([]string{r.Name}, r.Aliases...) {
			if _, dup := byName[name]; dup {
				return fmt.Errorf("%s stands in the table twice", name)
			}
			if name != strings.ToLower(name) || r.Help == "" || r.State != Working && r.Means == "" {
				return fmt.Errorf("%s: the row is incomplete", name)
			}
			e := entry{name, i}
			byName[name] = e
			entries = append(entries, e)
		}
		v, err := r.parseDefault()
		if err != nil {
			return fmt.Errorf("%s: default %q: %w", r.Name, r.Default, err)
		}
		if got := r.Kind.text(v); got != r.Default {
			return fmt.Errorf("%s: default %q reads as %q", r.Name, r.Default, got)
		}
		defaults[i] = v
	}
	return nil
}

// parseDefault reads the default. The kinds that start from the current value start
// from an empty one, and dir's default is not a directory but none.
func (r *Row) parseDefault() (any, error) {
	empty := r.Kind.newCell().load()
	switch r.Kind.(type) {
	case linesKind, dirKind, primaryKind:
		return empty, nil
	}
	if r.Kind.words() {
		return r.Kind.parse(splitWords(r.Default), empty, context{})
	}
	return r.Kind.parse([]string{r.Default}, empty, context{})
}

// lookup finds an option by name or alias, in any case.
func lookup(name string) (entry, bool) {
	if e, ok := byName[name]; ok {
		return e, true
	}
	e, ok := byName[strings.ToLower(name)]
	return e, ok
}

// IsSensitive tells whether the value of the option must not be logged.
func IsSensitive(name string) bool {
	e, ok := lookup(name)
	return ok && rows[e.row].Flags&Sensitive != 0
}

// nearest returns the known name closest to a misspelt one, or "".
func nearest(name string) string {
	name = strings.ToLower(name)
	best, bestDistance := "", len(name)/3+1
	for _, e := range entries {
		if d := distance(name, e.name); d < bestDistance {
			best, bestDistance = e.name, d
		}
	}
	return best
}

// distance is the number of single-byte edits between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
