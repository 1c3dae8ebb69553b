// Package metrics has the metrics of an embedded server for Prometheus: those that
// kring-server shows at /metrics. It is a package of its own because it brings
// Prometheus's client library, which package kring does without.
//
//	prometheus.MustRegister(metrics.Collector(srv))      // beside those of the program
//	http.Handle("/metrics", metrics.Handler(srv))        // or by themselves
//
// Names are those of redis_exporter where they mean the same. Nothing is gathered between
// scrapes.
package metrics
