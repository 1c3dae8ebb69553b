package lint

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// rooms are the packages below internal/server, the lowest first, those to come among
// them: a room may use those that stand before it, and the layers that it names. So arrows
// between rooms run down only. Above them all stands package server, which assembles them.
var rooms = []room{
	{"admin", nil, nil},
	{"stats", []string{"command"}, nil},
	{"clock", nil, nil},
	{"tlsport", []string{"internal"}, nil},
	{"options", []string{"resp", "internal"}, []string{"golang.org/x/sys"}},
	{"process", nil, []string{"golang.org/x/sys"}},
	{"listen", []string{"netio"}, nil},
	{"metrics", nil, []string{"github.com/prometheus/client_golang"}},
	{"acl", []string{"command", "resp", "internal"}, nil},
	{"users", []string{"command", "resp", "internal"}, nil},
	{"admit", []string{"command", "resp", "internal"}, nil},
	{"pubsub", layers, nil},
	{"tracking", layers, nil},
	{"observe", layers, nil},
	{"keeper", layers, nil},
	{"snapshot", layers, nil},
	{"migrate", []string{"command", "resp"}, nil},
	{"replication", layers, nil},
	{"feed", layers, nil},
	{"follow", layers, nil},
	{"info", layers, nil},
	{"script", layers, nil},
	{"exec", layers, nil},
	{"session", layers, nil},
	{"durable", layers, nil},
	{"cluster", layers, nil},
}

type room struct {
	name    string
	layers  []string // that it may use
	foreign []string // modules
}

// layers are what the server stands on.
var layers = []string{"command", "store", "resp", "netio", "persistence", "internal"}

// roomRules makes the rules of the rooms.
func roomRules() []rule {
	var rules []rule
	var below []string
	for _, r := range rooms {
		tree := "internal/server/" + r.name
		rules = append(rules, rule{tree, append(slices.Clone(r.layers), below...), r.foreign})
		if !slices.Contains(wired, tree) {
			below = append(below, tree)
		}
	}
	return rules
}

// TestRoomsHaveRules: a new room finds its place in the order first.
func TestRoomsHaveRules(t *testing.T) {
	dir, err := os.ReadDir(filepath.Join(root, "internal/server"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dir {
		if d.IsDir() && d.Name() != "testdata" && !slices.ContainsFunc(rooms, func(r room) bool { return r.name == d.Name() }) {
			t.Errorf("internal/server/%s has no place among the rooms", d.Name())
		}
	}
}
