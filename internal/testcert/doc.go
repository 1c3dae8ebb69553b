// Package testcert makes authorities and certificates for tests and measurements: real
// ones, but of no worth, with keys that are made anew for each.
package testcert
