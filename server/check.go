package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/server/options"
)

// CheckOptions tells what a server would refuse of options that are valid each by
// itself: renamed commands, users. It starts nothing and opens no other file than that
// of the users.
func CheckOptions(opts *options.Options) error {
	s := &Server{opts: opts}
	var err error
	if s.table, err = command.Build(command.All()); err != nil {
		return err
	}
	if err := s.renameCommands(); err != nil {
		return err
	}
	return s.openUsers()
}
