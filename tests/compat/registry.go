package compat

import (
	"strings"
	"sync"
)

// Group is one family of commands: its generators, its edge cases, and how values of
// its type are dumped.
type Group struct {
	Name     string
	Commands string // that the group covers, as COMMAND LIST names them
	Weight   int    // how often a generated command comes from this group
	Gens     []Gen
	Cases    []Case
	Dumpers  map[string]Dumper // by TYPE
}

// Gen makes one command.
type Gen struct {
	Name   string
	Weight int // 0 means 10
	Make   func(g *G) []string
}

// Case is a hand-written sequence for both sides; its lines are as ParseSteps reads them.
type Case struct {
	Name  string
	Lines string
}

// Groups lists every group. A new family is one line here.
var Groups = []*Group{
	&stringGroup,
	&bitmapGroup,
	&genericGroup,
	&hashGroup,
	&hllGroup,
	&zsetGroup,
	&setGroup,
	&geoGroup,
	&streamGroup,
	&connectionGroup,
	&serverGroup,
	&listGroup,
	&sortGroup,
	&transactionGroup,
	&pubsubGroup,
	&trackingGroup,
	&memoryGroup,
	&adminGroup,
	&scriptGroup,
	&replicationGroup,
}

var dumpers = sync.OnceValue(func() map[string]Dumper {
	all := map[string]Dumper{}
	for _, g := range Groups {
		for typ, d := range g.Dumpers {
			all[typ] = d
		}
	}
	return all
})

// coveredCommands are the commands that exist by now, as COMMAND LIST names them.
var coveredCommands = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, g := range Groups {
		for name := range strings.FieldsSeq(g.Commands) {
			m[name] = true
		}
	}
	return m
})
