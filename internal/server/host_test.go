package server

import (
	"reflect"
	"testing"
)

// TestHostIsWhole holds that the server has a host for everything that a handler may ask, and one of a
// cluster as a node only.
func TestHostIsWhole(t *testing.T) {
	node := startServer(t, "cluster-enabled", "yes", "dir", t.TempDir())
	for _, s := range []*Server{startServer(t), node} {
		h := reflect.ValueOf(*s.Host)
		for i := range h.NumField() {
			name := h.Type().Field(i).Name
			if is, want := h.Field(i).IsNil(), name == "Cluster" && s != node; is != want {
				t.Errorf("Host.%s is nil: %v", name, is)
			}
		}
	}
}
