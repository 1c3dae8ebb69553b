// Package clients runs real clients against the real binary: redis-cli, redis-benchmark
// and go-redis. The tools must be installed (tests/setup.sh); a missing one fails.
package clients
