package server

import (
	"errors"
	"fmt"
	"strings"
)

// renameCommands applies rename-command to the command table.
func (s *Server) renameCommands() error {
	for _, words := range s.Opts.Lines("rename-command") {
		err := errors.New("Bad directive or wrong number of arguments")
		if len(words) == 2 {
			err = s.Table.Rename(words[0], words[1])
		}
		if err != nil {
			return fmt.Errorf("rename-command %s: %w", strings.Join(words, " "), err)
		}
	}
	return nil
}
