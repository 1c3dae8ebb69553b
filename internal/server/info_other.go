//go:build !unix

package server

import "runtime"

func infoCPU(*Server, *infoWriter) {}

// osName describes the operating system as INFO does.
func osName() string { return runtime.GOOS + " " + runtime.GOARCH }
