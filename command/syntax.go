package command

// DocArg is one argument of a command as COMMAND DOCS shows it.
type DocArg struct {
	Name, Type, Token  string
	Optional, Multiple bool
	MultipleToken      bool
	KeySpec            int // index into Spec.Keys, -1 when the argument is no key
	Args               []DocArg
}

func parseSyntax(string, []KeySpec) ([]DocArg, error) { return nil, nil }
