// Package clients runs real clients against the real binary: redis-cli in its modes and
// redis-benchmark; go-redis, rueidis (with client-side caching) and redigo; by scripts the
// libraries of other languages; and applications on top (express sessions, go-redis/cache,
// job queues, locks and rate limiters, which live on Lua scripts). The tools must be installed (tests/setup.sh); a missing one fails.
package clients
