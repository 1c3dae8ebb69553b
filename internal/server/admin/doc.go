// Package admin is the window on the running server over HTTP: a health check, one page
// with live charts, and the pages that the program brings: metrics and profiles.
//
// Terms
//
//	source    the running server, as this package sees it
//	visitor   who sends a request, and from where (visitor.go)
//	window    the page; it asks for /api/state and draws the difference of two answers
//
// Paths
//
//	/            the window: one HTML page without any other asset
//	/api/state   what the window draws, as JSON (state.go)
//	/metrics     Prometheus, where the program brings it (internal/server/metrics)
//	/healthz     200 while the server serves, 503 while it loads
//	/debug/pprof Go's profiles, likewise
//
// Invariants
//
//  1. Nothing is gathered between requests: a server that nobody looks at pays nothing.
//  2. A request asks each reactor once, whatever it shows.
//  3. Whoever may not connect as a client may not look either, except at the health; numbers
//     are for users who may run INFO, keys and calls for those who may run SLOWLOG and HOTKEYS.
//  4. Nothing can be changed over HTTP; only GET and HEAD are answered.
package admin
