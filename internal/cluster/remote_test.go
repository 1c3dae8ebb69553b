package cluster_test

import (
	"reflect"
	"testing"

	"github.com/kringdb/kring/internal/cluster"
)

func TestParseRemote(t *testing.T) {
	for text, want := range map[string]cluster.Remote{
		"etcd://a:1":                  {Endpoints: []string{"a:1"}, Prefix: "kring/"},
		"etcd://a:1/":                 {Endpoints: []string{"a:1"}, Prefix: "kring/"},
		"etcds://a:1,[::1]:2379/x":    {Endpoints: []string{"a:1", "[::1]:2379"}, Prefix: "x/", TLS: true},
		"etcd://10.0.0.1:2379/one/of": {Endpoints: []string{"10.0.0.1:2379"}, Prefix: "one/of/"},
	} {
		if got, ok, err := cluster.ParseRemote(text); err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, %v", text, got, ok, err)
		}
	}
	for _, text := range []string{"etcd://", "etcd:///x", "etcd://a", "etcd://a:0", "etcd://a:70000", "etcd://:1", "etcd://a:1,", "etcds://u:p@a:1"} {
		if got, ok, err := cluster.ParseRemote(text); err == nil || !ok {
			t.Errorf("%s: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"file", "file:x", "", "http://a:1"} {
		if got, ok, err := cluster.ParseRemote(text); err != nil || ok {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}
