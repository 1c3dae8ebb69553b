//go:build linux

package main

import (
	"time"

	"gonum.org/v1/plot/vg"
)

const (
	// reactorModel is the default I/O model, which needs no option.
	reactorModel = "reactor"

	// smallValueBytes and largeValueBytes are the values of part load; each has its number
	// of connections and keys.
	smallValueBytes, smallClients, smallKeys = 16, 50, 100_000
	largeValueBytes, largeClients, largeKeys = 64 << 10, 8, 1000

	// connectionsPerAddress is how many connections of the crowd share a source address,
	// whose ports they must fit in.
	connectionsPerAddress = 10_000
	// openTogether is how many connections are opened before their replies are read: fewer
	// than the server's backlog holds.
	openTogether = 256
	// replyTimeout bounds the wait for one reply.
	replyTimeout = 60 * time.Second
	// closeTimeout bounds the wait until the server knows that connections are closed.
	closeTimeout = 5 * time.Minute
	// spareFiles are the descriptors of a process with a crowd beside the crowd's own.
	spareFiles = 100
	// settleTime is how long the idle server rests before its memory is read, and how long
	// its CPU is watched then.
	settleTime = 1500 * time.Millisecond

	// guestKernel is where guest.sh puts the kernel.
	guestKernel = "/var/tmp/kring-guest/vmlinuz"
	// guestMemory, guestProcessors and guestTimeout are of the virtual machine.
	guestMemory, guestProcessors = "5G", "2"
	guestTimeout                 = 20 * time.Minute
	// guestPrefix marks the line with the guest's results on its console.
	guestPrefix = "KRING-RESULTS "

	// maxIdleBytes is the bound of user memory per idle connection under the reactor, and
	// maxThreadsMore that of threads beside the reactors'.
	maxIdleBytes   = 600
	maxThreadsMore = 10

	// minJudgedConnections is from how many connections on the bound is judged: with fewer
	// of them the steps in which a heap grows are most of the figure.
	minJudgedConnections = 10_000

	// noise is by how much two medians must differ to be called better and worse.
	noise = 0.05

	// plotWidth and plotHeight are of a plot, barPoints of one of its bars;
	// dotOffset is between the points of two models, leastPlotted stands for zero where the
	// axis has none.
	plotWidth, plotHeight = 6.5 * vg.Inch, 3 * vg.Inch
	barPoints             = 30
	dotOffset             = 0.16
	leastPlotted          = 1e-3

	// busyConnections hold a piece of a command each when part nodes takes memory.
	busyConnections = 1000
)

// pipelines are how many commands a client sends at once.
var pipelines = [3]int{1, 16, 64}
