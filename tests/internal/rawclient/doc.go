// Package rawclient is the tests' own RESP client: it sends what it is told, byte
// for byte, and decodes replies into a tree that two servers can be compared by.
//
// It shares no code with the product (tests are black-box) and forgives nothing: a
// reply that breaks the protocol is an error.
//
// Terms
//
//	value    one decoded reply: kind byte, text or number, elements
//	line     a command in redis-cli's quoted notation ("SET k \"a\\x00b\"")
//	inline   a command sent as a text line instead of as a multibulk array
//
// Layout
//
//	value.go   Value: the tree, its rendering, equality
//	decode.go  RESP2 and RESP3 bytes -> Value
//	encode.go  arguments -> multibulk or inline bytes
//	line.go    quoted notation <-> arguments
//	client.go  Client: a connection with deadlines
package rawclient
