// Package embed tests the server as a part of another program, with a client library as
// such a program has it. Its examples are the code of docs/EMBEDDING.md and
// docs/MINIREDIS.md.
package embed
