package compat

import (
	"strings"
	"sync"
)

// Group is one family of commands: its generators, its edge cases, and how values of
// its type are dumped.
type Group struct {
	Name    string
	Weight  int // how often a generated command comes from this group
	Gens    []Gen
	Cases   []Case
	Dumpers map[string]Dumper // by TYPE
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
	&connectionGroup,
	&serverGroup,
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
var coveredCommands = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx psetex
		set setex setnx setrange strlen substr
		bitcount bitfield bitfield_ro bitop bitpos getbit setbit
		copy del exists expire expireat expiretime keys move object|encoding object|freq object|help object|idletime
		object|refcount persist pexpire pexpireat pexpiretime pttl randomkey rename renamenx scan touch ttl type unlink
		object auth client client|getname client|help client|id client|info client|kill client|list client|no-evict
		client|reply client|setname echo hello ping quit reset select
		command command|count command|docs command|getkeys command|getkeysandflags command|help command|info command|list
		config config|get config|help config|resetstat config|rewrite config|set dbsize debug flushall flushdb info
		memory memory|usage shutdown swapdb time`) {
		m[name] = true
	}
	return m
}()
