// Package server is the running server: it assembles reactors, command table and store, begins and
// ends. What could be told apart has a room below it: package exec runs calls, package session has
// the clients that make them, package durable the data on disk. A room that needs something of the
// server asks its House, which files here implement (house.go, facts.go, keeper.go).
//
// Terms
//
//	keeper     the goroutine that keeps the store in shape: expires, evicts, compacts,
//	           gives memory back, walks the survey. It has a gate of its own
//	survey     the largest keys, met by the keeper's slow walk, and the busiest, by sampling
//	clock      a time that stands still until a test moves it (package clock); else it is the real one
//	embedded   a server that runs within another program (embedded.go; package kring)
package server
