package metrics

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kringdb/kring"
)

func TestMetricsOfAnEmbeddedServer(t *testing.T) {
	srv := kring.StartT(t, kring.Options{InMemory: true})
	if _, err := srv.Do(t.Context(), "SET", "k", "v"); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	Handler(srv).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{"\nredis_up 1\n", "\nredis_db_keys{db=\"db0\"} 1\n", "\ngo_goroutines "} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(Collector(srv)); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil || len(families) < 50 {
		t.Errorf("%d families, %v", len(families), err)
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	families, err = reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetGauge().GetValue() != 0 {
		t.Errorf("after the end: %v, %v", families, err)
	}
}

// TestScrapedWhileItEnds: a program's scrapes do not know when the server ends.
func TestScrapedWhileItEnds(t *testing.T) {
	for range 10 {
		srv := kring.StartT(t, kring.Options{InMemory: true})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for ended := false; !ended; {
					select {
					case <-srv.Done():
						ended = true // once more, after the end
					default:
					}
					Handler(srv).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
				}
			})
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}
