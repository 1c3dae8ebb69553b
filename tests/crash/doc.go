// Package crash kills the real server under load and looks at what is there after a
// restart: under appendfsync always every acknowledged write, under everysec all but
// those of the last second, and under no policy a value that was never written, or
// writes of one client in another order than it made them.
//
// CRASH_ROUNDS says how often each test kills (default 25), CRASH_SEED repeats a run.
package crash
