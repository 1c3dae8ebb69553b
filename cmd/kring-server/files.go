package main

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/options"
)

// fitFileLimit raises the limit of open files so that maxclients fit, or lowers
// maxclients to what the system allows. CONFIG SET maxclients does the former only.
func fitFileLimit(opts *options.Options, log *slog.Logger) error {
	reserved := uint64(reservedFiles + filesPerReactor*int(opts.Reactors.Load()))
	if opts.HTTPAddress.Load() != "" {
		reserved += admin.MaxConnections
	}
	clients := uint64(opts.MaxClients.Load())
	limit, err := raiseFileLimit(clients + reserved)
	if err != nil {
		return fmt.Errorf("the limit of open files can't be read: %w", err)
	}
	if limit < clients+reserved {
		if limit <= reserved {
			return fmt.Errorf("Your current 'ulimit -n' of %d is not enough for the server to start. "+ //nolint:staticcheck // Redis's text
				"Please increase your open file limit to at least %d.", limit, clients+reserved)
		}
		if err := opts.Assign("maxclients", strconv.FormatUint(limit-reserved, 10)); err != nil {
			return err
		}
		log.Warn(fmt.Sprintf("maxclients has been reduced to %d to compensate for low ulimit. "+
			"If you need higher maxclients increase 'ulimit -n'.", limit-reserved), "asked", clients, "open_files", limit)
	}
	opts.OnChange("maxclients", func() error {
		want := uint64(opts.MaxClients.Load()) + reserved
		limit, err := raiseFileLimit(want)
		if err != nil || limit < want {
			return fmt.Errorf("The operating system is not able to handle the specified number of clients, try with %d",
				int64(limit)-int64(reserved))
		}
		return nil
	})
	return nil
}
