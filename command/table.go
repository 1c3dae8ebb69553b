package command

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/kringdb/kring/store/entry"
)

// Table is the set of all commands, built once at start, renamed before it is used, and
// then never changed: all its methods but Rename are safe for any goroutine.
type Table struct {
	slots []slot // open addressing over folded.hash, a power of two, at most a quarter full
	mask  uint64
	all   []*Spec // commands in order of name
	flat  []*Spec // commands and subcommands by ID

	absent map[string]bool // names, as renamed, of commands of Redis that are not there
}

// slot is a command and the name by which it is called, Spec.Name unless it was renamed.
type slot struct {
	folded folded
	spec   *Spec
	odd    bool // folded is not enough to know the name: it is long, or not all letters
	name   string
}

// folded is a name of up to 16 bytes with the case of letters folded, in words: comparing
// and hashing them takes no loop. It consists of the first and the last 8 bytes, or 4 of
// them, which overlap in most names; shorter ones are three bytes.
type folded struct {
	first, last uint64
	bytes       int
}

const (
	foldedMost = 16
	caseBits   = 0x2020202020202020
)

func fold(name []byte) folded {
	f := folded{bytes: len(name)}
	switch n := len(name); {
	case n >= 8:
		f.first, f.last = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		f.first, f.last = uint64(binary.LittleEndian.Uint32(name)), uint64(binary.LittleEndian.Uint32(name[n-4:]))
	case n > 0:
		f.first = uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16
	}
	f.first |= caseBits
	f.last |= caseBits
	return f
}

// hash mixes the words by one multiplication.
func (f *folded) hash() uint64 {
	h := (f.first ^ bits.RotateLeft64(f.last, 29) ^ uint64(f.bytes)) * 0x9e3779b97f4a7c15
	return h >> 40
}

// isOdd tells whether another name may have the same words: setting the bit that letters
// differ in by their case makes other characters equal as well.
func isOdd(name string) bool {
	return len(name) > foldedMost || strings.ContainsFunc(name, func(c rune) bool { return c < 'a' || c > 'z' })
}

// All returns the groups of this package. A new group file adds its slice here.
func All() []*Spec {
	var specs []*Spec
	for _, g := range groupSpecs {
		specs = append(specs, g...)
	}
	return specs
}

// Build derives everything from the specs and checks them. The table has copies of its
// own: servers within one process, and what they rename, know nothing of each other.
func Build(specs []*Spec) (*Table, error) {
	t := &Table{all: make([]*Spec, len(specs))}
	for i, s := range specs {
		t.all[i] = s.clone()
	}
	sort.Slice(t.all, func(i, j int) bool { return t.all[i].Name < t.all[j].Name })
	size := 16
	for size < 4*len(specs) {
		size *= 2
	}
	t.slots, t.mask = make([]slot, size), uint64(size-1)
	for _, s := range t.all {
		if err := t.derive(s, nil); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errTable, s.Name, err)
		}
		if t.Lookup([]byte(s.Name)) != nil {
			return nil, fmt.Errorf("%w: %s is declared twice", errTable, s.Name)
		}
		t.place(s.Name, s)
	}
	t.absent = map[string]bool{}
	for name := range redisNames() {
		if !strings.Contains(name, "|") && t.Original([]byte(name)) == nil {
			t.absent[name] = true
		}
	}
	return t, nil
}

// redisNames are the names of redisCommands; whether one is a container.
var redisNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, n := range strings.Fields(redisCommands) {
		names[n] = names[n]
		if container, _, is := strings.Cut(n, "|"); is {
			names[container] = true
		}
	}
	return names
})

// Knows tells whether there is a command, or "container|subcommand", of that lower-case
// name, before any Rename, in the table or in Redis 7.4.
func (t *Table) Knows(name string) bool {
	_, known := redisNames()[name]
	base, sub, has := strings.Cut(name, "|")
	s := t.Original([]byte(base))
	return known || s != nil && (!has || s.LookupSub([]byte(sub)) != nil)
}

// IsContainer tells whether the command of that lower-case name has subcommands, in the
// table or in Redis 7.4.
func (t *Table) IsContainer(name string) bool {
	s := t.Original([]byte(name))
	return redisNames()[name] || s != nil && s.Subs != nil
}

// clone copies a spec and its subcommands; what the literals have in slices is shared, for
// nobody changes it.
func (s *Spec) clone() *Spec {
	c := *s
	if s.Subs != nil {
		c.Subs = make([]*Spec, len(s.Subs))
		for i, sub := range s.Subs {
			c.Subs[i] = sub.clone()
		}
	}
	return &c
}

func (t *Table) place(name string, s *Spec) {
	f := fold([]byte(name))
	i := f.hash() & t.mask
	for t.slots[i].spec != nil {
		i = (i + 1) & t.mask
	}
	t.slots[i] = slot{folded: f, spec: s, odd: isOdd(name), name: name}
}

// Rename lets a command be called by another name, or, if that is empty, not at all. Its
// Spec keeps its name: that is what users' rights, statistics and COMMAND know it by. A
// command of Redis that the table does not have is renamed like the others, so that the
// lines that harden a server do not keep it from starting.
func (t *Table) Rename(from, to string) error {
	from, to = strings.ToLower(from), strings.ToLower(to)
	spec := t.Lookup([]byte(from))
	switch {
	case spec == nil && !t.absent[from]:
		return errors.New("No such command in rename-command")
	case to != "" && to != from && (t.absent[to] || t.Lookup([]byte(to)) != nil):
		return errors.New("Target command name already exists")
	case spec == nil:
		delete(t.absent, from)
		if to != "" {
			t.absent[to] = true
		}
		return nil
	}
	old := t.slots
	t.slots = make([]slot, len(old))
	for _, sl := range old {
		if sl.spec == spec {
			sl.name = to
		}
		if sl.spec != nil && sl.name != "" {
			t.place(sl.name, sl.spec)
		}
	}
	return nil
}

// Original finds a command by the name that it had before any Rename.
func (t *Table) Original(name []byte) *Spec {
	lower := strings.ToLower(string(name))
	i, ok := slices.BinarySearchFunc(t.all, lower, func(s *Spec, n string) int { return strings.Compare(s.Name, n) })
	if !ok {
		return nil
	}
	return t.all[i]
}

// Callable returns the commands that can be called, in order of their own names.
func (t *Table) Callable() []*Spec {
	can := map[*Spec]bool{}
	for _, sl := range t.slots {
		can[sl.spec] = true
	}
	return slices.DeleteFunc(slices.Clone(t.all), func(s *Spec) bool { return !can[s] })
}

func (t *Table) derive(s, parent *Spec) error {
	s.Parent, s.FullName, s.ID = parent, s.Name, len(t.flat)
	if parent != nil {
		s.FullName = parent.Name + "|" + s.Name
	}
	t.flat = append(t.flat, s)
	if s.Handler == nil && len(s.Subs) == 0 {
		return fmt.Errorf("neither a handler nor subcommands")
	}
	if s.Arity == 0 {
		return fmt.Errorf("no arity")
	}
	if s.Flags&Blocking != 0 && s.Keys != nil && s.WaitsFor == entry.String {
		return fmt.Errorf("it may wait for keys, but nobody knows of which type")
	}
	s.first, s.last, s.step = 0, 0, 0
	s.deriveRange()
	if s.ByArgs {
		s.Cost = argsCost
	}
	s.plain = 0
	if s.Flags&(Slow|Exclusive|Blocking|Exec|AtOnce) == 0 && (s.Cost == nil || s.ByArgs) && s.AllShards == nil && s.Handler != nil {
		s.plain = s.SimpleKey()
	}
	quick := (s.Group == GroupTransactions || s.Group == GroupConnection) && s.Flags&(Fast|Slow|Exclusive|Exec|Blocking) == Fast
	s.grouped = s.plain > 0 || quick
	s.deriveCategories()
	if err := s.checkKeys(); err != nil {
		return err
	}
	var err error
	if s.docArgs, err = parseSyntax(s.Syntax, s.Keys); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, sub := range s.Subs {
		if seen[sub.Name] {
			return fmt.Errorf("subcommand %s is declared twice", sub.Name)
		}
		seen[sub.Name] = true
		if err := t.derive(sub, s); err != nil {
			return fmt.Errorf("%s: %w", sub.Name, err)
		}
	}
	return nil
}

// checkKeys refuses key specs that point outside the smallest allowed call.
func (s *Spec) checkKeys() error {
	least := s.Arity
	if least < 0 {
		least = -least
	}
	for i := range s.Keys {
		k := &s.Keys[i]
		if k.Keyword != "" || k.Unknown {
			continue
		}
		mayBeEmpty := i > 0 && k.Last < 0 && k.Index == least // PFMERGE without sources
		if k.Index <= 0 || k.Index >= least && !mayBeEmpty && s.Flags&NoMandatoryKeys == 0 && k.Flags&KeyNotKey == 0 || k.Step <= 0 {
			return fmt.Errorf("key spec %d is outside arity %d", i, s.Arity)
		}
	}
	return nil
}

// Lookup finds a command by name in any case; nil when there is none.
func (t *Table) Lookup(name []byte) *Spec {
	f := fold(name)
	for i := f.hash() & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.folded == f && (!s.odd || equalFold(name, s.name)) || s.spec == nil {
			return s.spec
		}
	}
}

// LookupSub finds a subcommand of a container by name in any case; nil when none.
func (s *Spec) LookupSub(name []byte) *Spec {
	for _, sub := range s.Subs {
		if equalFold(name, sub.Name) {
			return sub
		}
	}
	return nil
}

// LookupFull finds a command or, by "container|subcommand", a subcommand.
func (t *Table) LookupFull(name []byte) *Spec {
	head, sub, found := bytes.Cut(name, []byte("|"))
	s := t.Lookup(head)
	if s == nil || !found {
		return s
	}
	return s.LookupSub(sub)
}

// Commands returns all commands (no subcommands) in order of name; do not change it.
func (t *Table) Commands() []*Spec { return t.all }

// Specs returns all commands and subcommands, indexed by Spec.ID; do not change it.
func (t *Table) Specs() []*Spec { return t.flat }

// equalFold compares name with a lower-case string, folding ASCII letters only.
func equalFold(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// EqualFold tells whether an argument is the given lower-case word in any case.
// Handlers use it for option names.
func EqualFold(arg []byte, lower string) bool { return equalFold(arg, lower) }
