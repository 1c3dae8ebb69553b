// Command kring-server runs a Kring server: it reads the configuration, prepares the
// process and hands over to package server.
//
//	kring-server [/path/to/redis.conf] [-] [--option value ...]
//
// What it does to the process, in this order
//
//	read the command line, the file and standard input    options.Load
//	chdir to dir; open the log                            logfile.go
//	raise the limit of open files to fit maxclients       files.go
//	set the Go collector's pace and soft limit            memory.go
//	server.New: table, store, reactors, listeners
//	write pidfile, tell systemd, open pprof-address       notify.go, pprof.go
//	serve until SIGTERM, SIGINT or SHUTDOWN               main.go
//
// The first SIGTERM or SIGINT ends the server cleanly, the second one at once. The exit
// code is 0 after a clean end and 1 otherwise.
package main
