package admin

import "time"

const (
	// headerTimeout bounds how long a client may take over its request.
	headerTimeout = 10 * time.Second
	// shutdownTimeout bounds the wait for requests under way when the server ends.
	shutdownTimeout = 2 * time.Second
	// slowCallsShown is how many slow calls the window shows.
	slowCallsShown = 10
)
