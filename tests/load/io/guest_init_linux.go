package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

// guestPlan is the plan's file in the guest, where the program is the first process.
const guestPlan = "plan.json"

// inGuest tells whether this is the guest.
func inGuest() bool {
	_, err := os.Stat("/" + guestPlan)
	return err == nil && os.Getpid() == 1
}

// runInGuest does what an init must, carries out the plan, prints the results and
// switches the machine off.
func runInGuest() {
	rows, err := carryOut()
	if err != nil {
		fmt.Println("the guest failed:", err)
	} else if b, err := json.Marshal(rows); err == nil {
		fmt.Printf("\n%s%s\n", guestPrefix, b)
	}
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func carryOut() ([]idleRow, error) {
	err := errors.Join(
		unix.Mount("proc", "/proc", "proc", 0, ""),
		unix.Mount("dev", "/dev", "devtmpfs", 0, ""),
		loopbackUp(),
		os.Setenv("KRING_BIN", "/kring-server"),
		os.Setenv("PATH", "/"))
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile("/" + guestPlan)
	if err != nil {
		return nil, err
	}
	var p idlePlan
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, err
	}
	var s kit.Servers
	defer s.End()
	return p.run(&s)
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}
