package harness

import (
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
)

// block is the ports that this process hands out, and no other: tests run in several processes at once, and a port that only was
// free a moment ago is another one's now and then, before a server listens there, or while it is started again.
var block struct {
	sync.Mutex
	guard net.Listener // at its first port, which makes the block this process's as long as it lives
	first int
	last  int // that was handed out, counted from first
}

// FreePort gives a TCP port of 127.0.0.1 that is free, and that nobody takes by chance: this process hands out some hundred
// others before it comes again.
func FreePort() (int, error) {
	block.Lock()
	defer block.Unlock()
	if err := takeBlock(); err != nil {
		return 0, err
	}
	for range blockPorts - 1 {
		block.last = block.last%(blockPorts-1) + 1
		if l, err := listenAt(block.first + block.last); err == nil {
			return block.first + block.last, l.Close()
		}
	}
	return 0, errors.New("no port of this process is free")
}

// takeBlock finds the block that is this process's from now on, if it has none yet. block is locked.
func takeBlock() error {
	const blocks = (endPort - firstPort) / blockPorts
	for i := 0; block.guard == nil; i++ {
		if i == blocks {
			return errors.New("other processes have all ports")
		}
		first := firstPort + (os.Getpid()+i)%blocks*blockPorts
		if l, err := listenAt(first); err == nil {
			block.guard, block.first = l, first
		}
	}
	return nil
}

func listenAt(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
