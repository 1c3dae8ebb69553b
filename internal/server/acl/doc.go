// Package acl decides who may do what: users with passwords, and selectors that allow
// commands, keys and channels, with Redis's rule language.
//
// Terms
//
//	user       a name with passwords, flags, a root selector and further selectors
//	selector   a set of allowed commands, key patterns and channel patterns; a call is
//	           allowed when one selector allows all of it
//	rule       one word of ACL SETUSER: on, >password, ~pattern, +command, (selector)...
//	first arg  an old kind of rule, +select|0: the command is allowed with that first argument
//	registry   all users; every change makes a new map, so that reading takes no lock
//
// Layout
//
//	Registry ─atomic─▶ map name ─▶ *User (never changed once published)
//	                                 │ passwords: hex SHA-256
//	                                 └ selectors │ root │ (…) │ (…) │
//	                                              │ bit per Spec.ID
//	                                              │ first args by Spec.ID
//	                                              │ key patterns with r, w
//	                                              └ channel patterns
//
// Invariants
//
//  1. A published User is never changed: a change is made on a clone, which replaces it.
//  2. The text of a user (Describe) read back as rules gives the same user.
//  3. A container's bit means all of its subcommands, those of later versions too; a
//     subcommand's own bit is set with it.
//
// The rule language: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
package acl
