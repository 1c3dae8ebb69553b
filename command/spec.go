package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

// Handler executes one command. See the package's invariants for what it may do.
type Handler func(c *Ctx)

// Spec declares one command or subcommand. Its fields are written by hand, once, beside the handler, and what
// follows from them is Derived.
type Spec struct {
	Name       string    // lower case; a subcommand by itself ("get" of CONFIG GET)
	Arity      int       // number of arguments, name (and subcommand) included; negative: at least
	Flags      Flag      // behaviour
	Keys       []KeySpec // where the keys stand; nil: no keys
	Handler    Handler   // nil only in a container, which has Subs
	Subs       []*Spec   // subcommands of a container
	Group      Group     // COMMAND DOCS group and ACL category
	Since      string    // version of Redis in which it appeared, or of Kring
	Complexity string    // as shown by COMMAND DOCS
	Summary    string    // one line of our own
	Syntax     string    // arguments, see syntax.go; parsed into COMMAND DOCS arguments
	Tips       []string  // command tips (nondeterministic_output, request_policy:...)
	Deprecated string    // version since which it is deprecated, empty if not
	ReplacedBy string    // what to use instead

	// Channels, of pub/sub commands, returns the range of arguments that are channels, and
	// whether they are patterns.
	Channels func(args resp.Args) (first, last int, patterns bool)

	// VariableFlags narrows the flags of a key spec with KeyVariableFlags for one call.
	VariableFlags func(args resp.Args) KeyFlag

	// AllShards, if there is one, tells whether a call reads keys that its arguments do not
	// name: then the dispatcher locks all shards instead of those of Keys.
	AllShards func(args resp.Args) bool

	// WaitsFor, of a command that may block its client, is the type of value that ends the
	// waiting: as in Redis, a key that comes to be of another type does not.
	WaitsFor entry.Type

	// WaitsGone says that the waiting ends, too, when a key is gone or becomes of another
	// type: what the call needs besides the key's elements goes with it.
	WaitsGone bool

	// ACLGroups, if set, are the ACL categories of the command instead of Group's.
	ACLGroups []Group

	// Cost, if there is one, estimates the work of a call in elements visited. The
	// dispatcher asks for it under the shard locks, before the handler: a call above
	// SlowCost goes to the slow lane. It replies and changes nothing.
	Cost func(c *Ctx) int64

	// ByArgs says that the work of a call grows with the number of its arguments, and with
	// nothing else: its cost.
	ByArgs bool

	// Member is the index of the argument that names a member of the only key's value (a
	// field of a hash, a member of a set), for the look-ahead; 0: none.
	Member int

	// Secrets are the arguments that MONITOR and the slow log do not show.
	Secrets Secrets

	Derived
}

// Derived is what Build makes of a Spec.
type Derived struct {
	FullName   string   // "config|get" for subcommands, else Name
	Parent     *Spec    // the container, or nil
	ID         int      // dense index over all specs, for statistics rows
	Categories []string // ACL categories, each with its @

	first, last, step int // legacy key range, as COMMAND INFO shows it
	simpleKeys        bool
	plain             int
	grouped           bool
	docArgs           []DocArg
}

// Group is the family of a command, as COMMAND DOCS names it.
type Group uint8

const (
	GroupString Group = iota
	GroupBitmap
	GroupGeneric
	GroupConnection
	GroupServer
	GroupList
	GroupSet
	GroupSortedSet
	GroupHash
	GroupStream
	GroupHyperLogLog
	GroupGeo
	GroupPubSub
	GroupTransactions
	GroupScripting
	GroupCluster
)

// groups holds, per Group, the COMMAND DOCS name and the ACL category.
var groups = [...]struct{ name, category string }{
	GroupString:       {"string", "@string"},
	GroupBitmap:       {"bitmap", "@bitmap"},
	GroupGeneric:      {"generic", "@keyspace"},
	GroupConnection:   {"connection", "@connection"},
	GroupServer:       {"server", ""},
	GroupList:         {"list", "@list"},
	GroupSet:          {"set", "@set"},
	GroupSortedSet:    {"sorted-set", "@sortedset"},
	GroupHash:         {"hash", "@hash"},
	GroupStream:       {"stream", "@stream"},
	GroupHyperLogLog:  {"hyperloglog", "@hyperloglog"},
	GroupGeo:          {"geo", "@geo"},
	GroupPubSub:       {"pubsub", "@pubsub"},
	GroupTransactions: {"transactions", "@transaction"},
	GroupScripting:    {"scripting", "@scripting"},
	GroupCluster:      {"cluster", ""},
}

// String returns the COMMAND DOCS name of the group.
func (g Group) String() string { return groups[g].name }

// categoryOrder is the order in which Redis lists ACL categories.
var categoryOrder = []string{
	"@keyspace", "@read", "@write", "@set", "@sortedset", "@list", "@hash", "@string", "@bitmap",
	"@hyperloglog", "@geo", "@stream", "@pubsub", "@admin", "@fast", "@slow", "@blocking",
	"@dangerous", "@connection", "@transaction", "@scripting",
}

// Categories returns the names of all ACL categories, each with its @, in Redis's order.
func Categories() []string { return categoryOrder }

// deriveCategories computes the ACL categories from flags and group. A container has
// only @slow: access is decided by its subcommands.
func (s *Spec) deriveCategories() {
	has := map[string]bool{"@fast": s.Flags&Fast != 0, "@slow": s.Flags&Fast == 0}
	if s.Handler != nil {
		has[groups[s.Group].category] = s.ACLGroups == nil
		for _, g := range s.ACLGroups {
			has[groups[g].category] = true
		}
		for _, fc := range []struct {
			flag     Flag
			category string
		}{
			{KeyspaceCat, "@keyspace"}, {ConnectionCat, "@connection"}, {ReadOnly, "@read"}, {Write, "@write"}, {PubSub, "@pubsub"}, {Admin | AdminCat, "@admin"},
			{Blocking, "@blocking"}, {Admin | Dangerous, "@dangerous"},
		} {
			if s.Flags&fc.flag != 0 {
				has[fc.category] = true
			}
		}
	}
	s.Categories = nil
	for _, c := range categoryOrder {
		if has[c] {
			s.Categories = append(s.Categories, c)
		}
	}
}

// MatchesArity tells whether a call with n arguments (name included) is allowed.
func (s *Spec) MatchesArity(n int) bool {
	if s.Arity >= 0 {
		return n == s.Arity
	}
	return n >= -s.Arity
}

// PlainKey returns the index of the only key of a call with n arguments, if it is a plain
// one: it needs nothing but that key's shard, changes nothing but its value, and takes no
// longer than a few microseconds; the dispatcher has a short way for such calls. Otherwise
// 0. s may be nil.
func (s *Spec) PlainKey(n int) int {
	if s == nil || n != s.Arity && (s.Arity > 0 || n < -s.Arity) || n > plainArgs {
		return 0
	}
	return s.plain
}

// PlainAccess tells whether plain calls may read or write their key; those that need less
// depending on their arguments are said to do both.
func (s *Spec) PlainAccess() (read, write bool) {
	f := s.Keys[0].Flags
	return f&KeyAccess != 0, f&(KeyInsert|KeyUpdate|KeyDelete) != 0
}

// Grouped tells whether calls with n arguments take so little time that several in a row
// may be timed together.
func (s *Spec) Grouped(n int) bool {
	return s.grouped && n <= plainArgs
}

// IsContainer tells whether the command is only reached through subcommands.
func (s *Spec) IsContainer() bool { return s.Handler == nil }
