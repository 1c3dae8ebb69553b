package command

// Kring's own: the busiest and the largest keys, which the server knows without a scan.

const (
	defaultSurveyCount = 10
	surveyFlags        = ReadOnly | Admin | Loading
)

var surveySpecs = []*Spec{
	{
		Name: "hotkeys", Arity: -1, Flags: surveyFlags | Slow, Group: GroupServer, Handler: hotKeys, Since: "0.2.0", Complexity: "O(1)",
		Summary: "Returns the keys used most in the last minutes, with about how often; Kring's own.", Syntax: "[COUNT count:integer]",
		Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "bigkeys", Arity: -1, Flags: surveyFlags, Group: GroupServer, Handler: bigKeys, Since: "0.2.0", Complexity: "O(1)",
		Summary: "Returns the largest keys that the last survey in the background met; Kring's own.", Syntax: "[COUNT count:integer]",
		Tips: []string{"nondeterministic_output"},
	},
}

// HotKey is a key's estimated uses: at most Uses, at least Surely.
type HotKey struct {
	DB           int
	Name         string
	Uses, Surely int64
}

// BigKey is a key and the bytes that it takes.
type BigKey struct {
	DB         int
	Name, Type string
	Bytes      int64
}

// surveyCount parses [COUNT n].
func surveyCount(c *Ctx) (int, bool) {
	switch {
	case len(c.Args) == 1:
		return defaultSurveyCount, true
	case len(c.Args) == 3 && equalFold(c.Args[1], "count"):
		return parseCount(c, c.Args[2])
	}
	c.W.Error(ErrSyntax)
	return 0, false
}

func hotKeys(c *Ctx) {
	n, ok := surveyCount(c)
	if !ok {
		return
	}
	list := c.Host.Stats.HotKeys(c, n)
	c.W.Array(len(list))
	for i := range list {
		k := &list[i]
		beginSurveyed(c, k.DB, k.Name)
		c.W.BulkString("uses")
		c.W.Int(k.Uses)
		c.W.BulkString("at-least")
		c.W.Int(k.Surely)
	}
}

func bigKeys(c *Ctx) {
	n, ok := surveyCount(c)
	if !ok {
		return
	}
	list := c.Host.Stats.BigKeys(n)
	c.W.Array(len(list))
	for i := range list {
		k := &list[i]
		beginSurveyed(c, k.DB, k.Name)
		c.W.BulkString("type")
		c.W.BulkString(k.Type)
		c.W.BulkString("bytes")
		c.W.Int(k.Bytes)
	}
}

// beginSurveyed begins the map of a key: its name and database, two more fields follow.
func beginSurveyed(c *Ctx, db int, name string) {
	c.W.Map(4)
	c.W.BulkString("key")
	c.W.BulkString(name)
	c.W.BulkString("db")
	c.W.Int(int64(db))
}
