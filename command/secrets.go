package command

import (
	"slices"

	"github.com/kringdb/kring/resp"
)

// Secrets says which arguments of a command are secret: passwords, and what tells of users.
// The zero value says none.
type Secrets struct {
	From    int          // all from this index on; 0: none
	Behind  []SecretWord // those that follow certain words
	Options bool         // the values of options that are secret, of CONFIG SET
}

// SecretWord is a word of a call, in lower case, and how many arguments behind it are
// secret.
type SecretWord struct {
	Word  string
	Count int
}

var redacted = []byte("(redacted)")

// Shown returns the arguments of a call as others may see them: a copy if something of them
// is secret. isSecret tells whether the value of an option is. Any goroutine may call it.
func (s *Spec) Shown(args resp.Args, isSecret func(option string) bool) resp.Args {
	k := &s.Secrets
	if k.From == 0 && k.Behind == nil && !k.Options {
		return args
	}
	out := slices.Clone(args)
	if k.From > 0 {
		for i := k.From; i < len(out); i++ {
			out[i] = redacted
		}
	}
	for i := 1; i < len(args); i++ {
		for _, w := range k.Behind {
			if EqualFold(args[i], w.Word) {
				for j := i + 1; j < len(out) && j <= i+w.Count; j++ {
					out[j] = redacted
				}
				i += w.Count // what is secret is no word
				break
			}
		}
	}
	if k.Options {
		for i := 3; i < len(args); i += 2 {
			if isSecret(string(args[i-1])) {
				out[i] = redacted
			}
		}
	}
	return out
}
