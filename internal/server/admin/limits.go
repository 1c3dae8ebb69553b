package admin

import "time"

const (
	// headerTimeout bounds how long a client may take over its request.
	headerTimeout = 10 * time.Second
	// shutdownTimeout bounds the wait for requests under way when the server ends.
	shutdownTimeout = 2 * time.Second
	// idleTimeout is how long a connection may be idle between two requests.
	idleTimeout = 2 * time.Minute
	// SlowCallsShown is how many slow calls the window shows.
	SlowCallsShown = 10
	// KeysShown is how many hot keys and how many big ones the window shows.
	KeysShown = 10
)
