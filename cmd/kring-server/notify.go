package main

import (
	"log/slog"
	"net"
	"os"

	"github.com/kringdb/kring/internal/server/options"
)

// notify tells systemd the state of the server if supervised asks for it, by the
// datagram protocol of sd_notify(3).
func notify(opts *options.Options, log *slog.Logger, state string) {
	mode := opts.Supervised.Load()
	path := os.Getenv("NOTIFY_SOCKET")
	switch {
	case mode == options.SupervisedNo || mode == options.SupervisedUpstart || mode == options.SupervisedAuto && path == "":
		return
	case path == "":
		log.Warn("supervised systemd requested, but NOTIFY_SOCKET is not set")
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		_, err = conn.Write([]byte(state))
		_ = conn.Close()
	}
	if err != nil {
		log.Warn("can't notify systemd", "error", err)
	}
}
