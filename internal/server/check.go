package server

import (
	"log/slog"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/listen"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/users"
)

// CheckOptions tells what a server would refuse of options that are valid each by
// itself: renamed commands, users, certificates. It starts nothing, and opens no other
// files than those of users and certificates.
func CheckOptions(opts *options.Options) error {
	table, err := command.Build(command.All())
	if err != nil {
		return err
	}
	if err := renameCommands(table, opts); err != nil {
		return err
	}
	if _, err := users.Open(table, opts, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if opts.TLSPort.Load() == 0 {
		return nil
	}
	return listen.CheckTLS(opts)
}
