// Package metrics shows the running server to Prometheus. It alone uses Prometheus's client
// library, and nothing of the server uses it: the program that wants metrics gives its
// Handler to Server.ShowMetrics, or its Collector to a registry.
//
//	admin.Source ─State()─▶ collector ─┬─ the rows of fields.go: INFO fields by their names
//	                                   └─ what has labels: commands, databases, memory...
//
// Terms
//
//	metric   one row of the table in fields.go: an INFO field and its name for Prometheus
//
// Invariants
//
//  1. Names are redis_exporter's where they mean the same, so its dashboards work.
//  2. A scrape asks the server for its State once; between scrapes nothing is gathered.
package metrics
