package admin

import "time"

// profilesPath is where the profiles of Go's runtime are.
const profilesPath = "/debug/pprof/"

const (
	// headerTimeout bounds how long a client may take over its request.
	headerTimeout = 10 * time.Second
	// requestTimeout bounds how long a client may take over its request and what it
	// announced behind it.
	requestTimeout = 15 * time.Second
	// answerTimeout bounds how long it may take to read the answer, profiles excepted.
	answerTimeout = 30 * time.Second
	// maxHeaderBytes bounds the head of a request.
	maxHeaderBytes = 16 << 10
	// MaxConnections bounds the connections, those that stream profiles excepted.
	MaxConnections = 64
	// guessDelay is how late a wrong password is answered.
	guessDelay = time.Second
	// guessesAtOnce is how many passwords one address may try within guessDelay.
	guessesAtOnce = 4
	// shutdownTimeout bounds the wait for requests under way when the server ends.
	shutdownTimeout = 2 * time.Second
	// idleTimeout is how long a connection may be idle between two requests.
	idleTimeout = 2 * time.Minute
	// SlowCallsShown is how many slow calls the window shows.
	SlowCallsShown = 10
	// KeysShown is how many hot keys and how many big ones the window shows.
	KeysShown = 10
)
