// Package memsize reads sizes of memory as configuration files of Redis have them: digits, and a unit.
//
//	1000  1kb = 1024  1k = 1000  2mb  3g  4GB
package memsize
