package server

import (
	"reflect"
	"testing"
)

// TestHostIsWhole holds that the server has a host for everything that a handler may ask.
func TestHostIsWhole(t *testing.T) {
	h := reflect.ValueOf(*startServer(t).Host)
	for i := range h.NumField() {
		if h.Field(i).IsNil() {
			t.Errorf("Host.%s is nil", h.Type().Field(i).Name)
		}
	}
}
