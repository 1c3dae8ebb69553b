// Package crash kills the real server under load and looks at what is there after a
// restart: under every policy every acknowledged write, because the machine goes on and
// has what it was given; and never a value that was never written, or writes of one
// client in another order than it made them.
//
// CRASH_ROUNDS says how often each test kills (default 25), CRASH_SEED repeats a run.
package crash
