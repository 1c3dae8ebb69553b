package server

import (
	"fmt"

	"github.com/kringdb/kring/internal/server/options"
)

// renameCommands applies rename-command to the command table.
func (s *Server) renameCommands() error {
	for _, l := range s.opts.Lines("rename-command") {
		words, err := options.SplitLine(l)
		if err == nil && len(words) != 2 {
			err = fmt.Errorf("Bad directive or wrong number of arguments")
		}
		if err == nil {
			err = s.table.Rename(words[0], words[1])
		}
		if err != nil {
			return fmt.Errorf("rename-command %s: %w", l, err)
		}
	}
	return nil
}
