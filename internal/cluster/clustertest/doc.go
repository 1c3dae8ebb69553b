// Package clustertest is the contract of coordinators, as a test that each of them passes.
package clustertest
