package session

// The limits of sessions.
const (
	// turnCommands bounds the commands of one connection in one reactor turn.
	turnCommands = 1024
	// desertedMs is for how long a command on a worker goes on when its client has shut down
	// its side of the connection.
	desertedMs = 1000
	// pulseMs is how far apart pulses are, at least, and easyPulseMs those that wake somebody while the server hardly works.
	pulseMs     = 95
	easyPulseMs = 950
	// hardNanos is for how long a reactor has been at work between two ticks if the server works hard.
	hardNanos = 5e6
	// IdleBytes is about what an idle connection takes in user memory, mostly session and Conn (make bench-io).
	IdleBytes = 432
	// fewClients may be looked at in every turn while somebody asks for INFO.
	fewClients = 8
	// pageSlots is how many sessions share a page of the table by id.
	pageSlots = 31
)
