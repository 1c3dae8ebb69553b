package server

import "github.com/kringdb/kring/command"

// CommandsMarkdown returns docs/COMPATIBILITY.md.
func CommandsMarkdown() string {
	t, err := command.Build(command.All())
	if err != nil {
		panic(err) // the table is wrong: a mistake in the program
	}
	return t.Markdown()
}
