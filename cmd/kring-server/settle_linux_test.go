package main

import (
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
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
		t.Errorf("%v, want %v", got, want)
	}
}

// TestFileAfterCollections: what is mapped of the program's file, of which a collection maps much, is given back after it.
func TestFileAfterCollections(t *testing.T) {
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer smaps.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := cleanMappings(smaps, self)
	if len(file) == 0 {
		t.Skip("no mapping is clean: the program is linked to be moved")
	}
	c := &collections{file: file, rest: 100 * time.Millisecond}
	c.await()
	for end := time.Now().Add(time.Minute); ; { // as long as another collection comes just behind the one that is looked at
		given := c.given.Load()
		runtime.GC()
		mapped := resident(t, file)
		for c.given.Load() == given {
			if time.Now().After(end) {
				t.Fatal("no collection was noticed for a minute")
			}
			time.Sleep(time.Millisecond)
		}
		after := resident(t, file)
		if after < mapped {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d bytes of the file are mapped some time after a collection, %d right behind it", after, mapped)
		}
	}
}

// resident returns how many bytes of the mappings this process has mapped.
func resident(t *testing.T, of []mapping) (n int) {
	t.Helper()
	pages, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Skip(err)
	}
	defer pages.Close()
	size := os.Getpagesize()
	for _, m := range of {
		words := make([]byte, int(m.to-m.from)/size*8)
		if _, err := pages.ReadAt(words, int64(m.from)/int64(size)*8); err != nil {
			t.Fatal(err)
		}
		for ; len(words) > 0; words = words[8:] {
			n += int(binary.NativeEndian.Uint64(words)>>63) * size
		}
	}
	return n
}
