//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// fileID tells one file from another of the same name.
type fileID struct{ dev, ino uint64 }

// sysListenTCP opens a listening socket on an IPv4 or IPv6 address. An IPv6 socket
// takes IPv6 connections only unless both is set.
func sysListenTCP(at netip.AddrPort, both bool, backlog int) (int, net.Addr, error) {
	domain, sa := unix.AF_INET, unix.Sockaddr(nil)
	if at.Addr().Is4() {
		sa = &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	} else {
		domain = unix.AF_INET6
		six := &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
		if zone := at.Addr().Zone(); zone != "" {
			id, err := zoneID(zone)
			if err != nil {
				return -1, nil, err
			}
			six.ZoneId = id
		}
		sa = six
	}
	fd, err := sysSocket(domain)
	if err != nil {
		return -1, nil, os.NewSyscallError("socket", err)
	}
	if err = bindTCP(fd, domain, both, sa); err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		sysClose(fd)
		return -1, nil, err
	}
	return fd, net.TCPAddrFromAddrPort(sysLocalAddr(fd)), nil
}

// zoneID turns the zone of an IPv6 address, an interface's name or number, into the
// number.
func zoneID(zone string) (uint32, error) {
	if id, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(id), nil
	}
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(ifi.Index), nil
}

func bindTCP(fd, domain int, both bool, sa unix.Sockaddr) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if domain == unix.AF_INET6 {
		only := 1
		if both {
			only = 0
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

// sysListenUnix opens a listening unix socket at path, with these permissions unless
// perm is 0. A socket that nobody listens on any more is removed first; anything else
// at path is an error.
func sysListenUnix(path string, perm os.FileMode, backlog int) (int, net.Addr, fileID, error) {
	abstract := path != "" && path[0] == '@'
	if !abstract {
		if err := removeStale(path); err != nil {
			return -1, nil, fileID{}, err
		}
	}
	fd, err := sysSocket(unix.AF_UNIX)
	if err != nil {
		return -1, nil, fileID{}, os.NewSyscallError("socket", err)
	}
	if err = os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrUnix{Name: path})); err != nil {
		sysClose(fd)
		return -1, nil, fileID{}, err
	}
	var id fileID
	if !abstract {
		id = identify(path)
	}
	// Nobody can connect before listen, so the permissions hold from the first moment.
	if perm != 0 && !abstract {
		err = os.NewSyscallError("chmod", unix.Chmod(path, uint32(perm.Perm())))
	}
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		sysClose(fd)
		sysUnlink(path, id)
		return -1, nil, fileID{}, err
	}
	return fd, &net.UnixAddr{Name: path, Net: "unix"}, id, nil
}

// removeStale removes the socket at path if connecting to it is refused.
func removeStale(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		return os.NewSyscallError("lstat", err)
	}
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	fd, err := sysSocket(unix.AF_UNIX)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer sysClose(fd)
	switch err = unix.Connect(fd, &unix.SockaddrUnix{Name: path}); {
	case errors.Is(err, unix.ECONNREFUSED):
		return os.NewSyscallError("unlink", unix.Unlink(path))
	case errors.Is(err, unix.ENOENT):
		return nil
	case err == nil, isAgain(err), errors.Is(err, unix.EINPROGRESS):
		return os.NewSyscallError("bind", unix.EADDRINUSE)
	}
	return os.NewSyscallError("connect", err)
}

// identify returns the identity of the file at path, zero when there is none.
func identify(path string) fileID {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return fileID{}
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}
}

// sysUnlink removes the file at path if it is still the one that id was taken from.
func sysUnlink(path string, id fileID) {
	if id != (fileID{}) && identify(path) == id {
		_ = unix.Unlink(path) // a file that is left behind is found stale by the next Listen
	}
}
