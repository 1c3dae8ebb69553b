// Package door lets other packages of this module see what package kring keeps behind its
// Server, so that nobody else has to.
package door

import "github.com/kringdb/kring/internal/server/admin"

// Source returns a *kring.Server as the window and the metrics see it; package kring sets
// it when the program starts. It takes any, because package kring imports this one.
var Source func(srv any) admin.Source
