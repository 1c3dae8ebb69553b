package options

import (
	"fmt"
	"strings"
)

// Help returns the options by group for --help, one line each.
func Help() string {
	var b strings.Builder
	for g := range groupCount {
		fmt.Fprintf(&b, "\n%s\n", g)
		for i := range rows {
			if r := &rows[i]; r.Group == g && r.Flags&Hidden == 0 {
				fmt.Fprintf(&b, "  %-36s %s%s\n", r.option(), r.Help, r.note())
			}
		}
	}
	return b.String()
}

// option is the option as it is written on the command line, or in a file if it can
// only stand there.
func (r *Row) option() string {
	if r.Flags&FileOnly != 0 {
		return r.Name + " (file only)"
	}
	return "--" + r.Name
}

// note is the end of a help line: default and state.
func (r *Row) note() string {
	var notes []string
	if k, ok := r.Kind.(enumKind); ok {
		notes = append(notes, k.label())
	}
	if r.Default != "" {
		notes = append(notes, "default "+r.Default)
	}
	switch {
	case r.State == Later:
		notes = append(notes, "no effect yet")
	case r.State == Accepted:
		notes = append(notes, "accepted, no effect")
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, "; ") + ")"
}

// Markdown returns docs/OPTIONS.md: a table for each group.
func (o *Options) Markdown() string {
	var b strings.Builder
	b.WriteString("# Options\n\nMade from the options table (internal/server/options) by `kring-server --options-markdown`; do not edit.\n\n" +
		"An option is set by a line of the configuration file (`name value`), by `--name value` on the command line, and, where the\n" +
		"column says yes, by `CONFIG SET` while the server runs (protected: only as `enable-protected-configs` allows).\n\n" +
		"State: **working**, as in Redis; **accepted**, taken for compatibility, with the meaning told; **later**, taken, without\n" +
		"effect so far: setting it in a file or on the command line logs a warning.\n")
	for g := range groupCount {
		fmt.Fprintf(&b, "\n## %s\n\n| option | values | default | at run time | state | meaning |\n|---|---|---|---|---|---|\n", g)
		for i := range rows {
			if rows[i].Group == g {
				rows[i].markdown(&b)
			}
		}
	}
	return b.String()
}

func (r *Row) markdown(b *strings.Builder) {
	name := "`" + r.Name + "`"
	for _, alias := range r.Aliases {
		name += ", `" + alias + "`"
	}
	value := ""
	if r.Default != "" {
		value = "`" + r.Default + "`"
	}
	meaning := upperFirst(r.Help) + "."
	if r.Means != "" {
		meaning += " " + r.Means
	}
	cells := []string{name, r.Kind.label(), value, r.runTime(), r.State.String(), meaning}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// runTime tells whether CONFIG SET may change the option.
func (r *Row) runTime() string {
	switch {
	case r.Flags&FileOnly != 0:
		return "file only"
	case r.Flags&Immutable != 0:
		return "no"
	case r.Flags&Protected != 0:
		return "protected"
	}
	return "yes"
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
