package server

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
)

// renameCommands applies rename-command to the command table.
func renameCommands(table *command.Table, opts *options.Options) error {
	for _, words := range opts.Lines("rename-command") {
		err := errors.New("Bad directive or wrong number of arguments")
		if len(words) == 2 {
			err = table.Rename(words[0], words[1])
		}
		if err != nil {
			return fmt.Errorf("rename-command %s: %w", strings.Join(words, " "), err)
		}
	}
	return nil
}
