package main

import (
	"slices"
	"strings"
	"testing"
)

// TestCleanMappings: only what is the program's, cannot be written to and never was is dropped.
func TestCleanMappings(t *testing.T) {
	entry := func(head, anonymous string) string {
		return head + "\nSize:   8 kB\nRss:   8 kB\nAnonymous:   " + anonymous + " kB\nAnonHugePages:   0 kB\nVmFlags: rd ex mr\n"
	}
	smaps := entry("00400000-009fd000 r-xp 00000000 fe:00 12                     /opt/kring server", "0") +
		entry("00400000-009fd000 r-xp 00000000 fe:00 12                     /opt/kring", "0") +
		entry("009fd000-010b1000 r--p 005fd000 fe:00 12                     /opt/kring", "0") +
		entry("010b1000-0114a000 rw-p 00cb1000 fe:00 12                     /opt/kring", "0") +
		entry("02000000-02001000 r--p 00cb1000 fe:00 12                     /opt/kring", "4") +
		entry("7f0000000000-7f0000001000 r-xp 00000000 fe:00 13                     /lib/libc.so.6", "0") +
		entry("7f0000002000-7f0000003000 r--p 00000000 00:00 0", "0")
	got := cleanMappings(strings.NewReader(smaps), "/opt/kring")
	if want := []mapping{{0x400000, 0x9fd000}, {0x9fd000, 0x10b1000}}; !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
