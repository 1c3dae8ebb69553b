// Package clients runs real clients against the real binary: redis-cli, redis-benchmark,
// go-redis, rueidis (with client-side caching) and redigo. The tools must be installed
// (tests/setup.sh); a missing one fails.
package clients
