// Package users joins the users (package acl) with the options, the ACL file, the handlers of
// ACL and AUTH, and who looks over HTTP.
//
// Terms
//
//	user      who a connection is; see package acl
//	ranked    a user as checks want it: nil is one who may do everything
//	rebind    to give clients their user's rights anew after a change
//	visitor   who asks over HTTP; see package admin
//	house     those who run calls, as this package sees them
//
// Layout
//
//	options (requirepass, user, aclfile) ─▶ Users (acl.Registry, ACL LOG, counts)
//	handlers ─▶ Host ─▶ Users, House      HTTP ─▶ Access
//
// Invariants
//
//  1. Users stand in the configuration file or in an ACL file, never in both.
//  2. The ACL file is replaced as a whole or not at all.
//  3. Whatever is denied is noted and counted by Note, and nowhere else.
package users
