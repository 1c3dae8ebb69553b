package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kringdb/kring"
	"github.com/kringdb/kring/internal/door"
	"github.com/kringdb/kring/internal/server/metrics"
)

// Collector returns the server's metrics, for a registry of the program. When the server
// has ended, redis_up is 0 and nothing else is there.
func Collector(srv *kring.Server) prometheus.Collector { return metrics.Collector(door.Source(srv)) }

// Handler serves the server's metrics and those of the Go runtime. It asks nobody for a
// password: who may look is for the program to decide.
func Handler(srv *kring.Server) http.Handler { return metrics.Handler(door.Source(srv)) }
