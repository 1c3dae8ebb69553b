//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package netio

import (
	"net"
	"net/netip"
	"os"
	"time"
)

// PollerName names the mechanism, as in INFO's multiplexing_api.
const PollerName = "none"

// Without a poller NewGroup fails, and nothing below is ever called.

type noPoller struct{}

func newPoller() Poller { return noPoller{} }

func (noPoller) Init() error                               { return ErrNoPoller }
func (noPoller) Open(int, Token, Interest, Interest) error { return ErrNoPoller }
func (noPoller) Poll(_, _ int64, _ []Event) (int, error)   { return 0, ErrNoPoller }
func (noPoller) Break()                                    {}
func (noPoller) IsPollDescriptor(int) bool                 { return false }
func (noPoller) Close()                                    {}
func sysRead(int, []byte) (int, error)                     { return 0, ErrNoPoller }
func sysWrite(int, []byte) (int, error)                    { return 0, ErrNoPoller }
func sysReceive(int, []byte) (int, error)                  { return 0, ErrNoPoller }
func sysSend(int, []byte) (int, error)                     { return 0, ErrNoPoller }
func sysReadv(int, [][]byte) (int, error)                  { return 0, ErrNoPoller }
func sysWritev(int, [][]byte) (int, error)                 { return 0, ErrNoPoller }
func sysAccept(int) (int, netip.AddrPort, error)           { return -1, netip.AddrPort{}, ErrNoPoller }
func sysShare(int) (net.Conn, error)                       { return nil, ErrNoPoller }
func sysClose(int)                                         {}
func sysSpare() int                                        { return -1 }
func sysTune(int, time.Duration) error                     { return ErrNoPoller }
func sysLocalAddr(int) netip.AddrPort                      { return netip.AddrPort{} }
func sysUnlink(string, fileID)                             {}
func isAgain(error) bool                                   { return false }
func isShortage(error) bool                                { return false }
func isFatalAccept(error) bool                             { return true }

type fileID struct{}

func sysListenTCP(netip.AddrPort, bool, int) (int, net.Addr, error) { return -1, nil, ErrNoPoller }

func sysListenUnix(string, os.FileMode, int) (int, net.Addr, fileID, error) {
	return -1, nil, fileID{}, ErrNoPoller
}

// yieldsAtOnce says that Yield does.
const yieldsAtOnce = false

// Yield would let another thread that is ready run first, but what says so here does not do it at once.
func Yield() {}
