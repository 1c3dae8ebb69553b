// Package fieldhash hashes the fields of small hashes for tables that are soon forgotten: who reads a packed hash
// (persistence/rdb) or builds one (store/hash) looks for fields that are there twice. Fields of up to sixteen bytes,
// which most are, cost no call; the seed is the process's own, so that nobody can choose fields that collide.
package fieldhash
