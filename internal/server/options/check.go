package options

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"github.com/kringdb/kring/internal/cluster"
)

// fileName refuses paths: the file lives in the working directory.
func fileName(option string, mayBeEmpty bool) func(string) error {
	return func(s string) error {
		switch {
		case strings.ContainsRune(s, '/') || strings.ContainsRune(s, '\\'):
			return errors.New(option + " can't be a path, just a filename")
		case s == "" && !mayBeEmpty:
			return errors.New(option + " can't be empty")
		}
		return nil
	}
}

// dirName is fileName for a directory.
func dirName(option string) func(string) error {
	return func(s string) error {
		if strings.ContainsRune(s, '/') || strings.ContainsRune(s, '\\') {
			return errors.New(option + " can't be a path, just a dirname")
		}
		if s == "" {
			return errors.New(option + " can't be empty")
		}
		return nil
	}
}

func powerOfTwo(n int64) error {
	if n&(n-1) != 0 {
		return errors.New("argument must be a power of two")
	}
	return nil
}

var hostnameBytes = regexp.MustCompile(`^[A-Za-z0-9.-]*$`)

func hostname(s string) error {
	if len(s) > maxHostnameBytes {
		return errors.New("Hostnames must be less than 256 characters")
	}
	if !hostnameBytes.MatchString(s) {
		return errors.New("Hostnames may only contain alphanumeric characters, hyphens or dots")
	}
	return nil
}

func coordinator(s string) error {
	if _, remote, err := cluster.ParseRemote(s); remote {
		return err
	}
	if path, shared := strings.CutPrefix(s, "file:"); s != "file" && (!shared || path == "") {
		return errors.New("argument must be file, file: and a path, or etcd://host:port,host:port/prefix")
	}
	return nil
}

var titleVariables = map[string]bool{
	"title": true, "listen-addr": true, "server-mode": true, "port": true,
	"tls-port": true, "unixsocket": true, "config-file": true,
}

// titleTemplate checks proc-title-template: text with known variables in braces.
func titleTemplate(s string) error {
	bad := errors.New("template format is invalid or contains unknown variables")
	if s == "" {
		return bad
	}
	for {
		_, rest, found := strings.Cut(s, "{")
		if !found {
			return nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !titleVariables[name] {
			return bad
		}
		s = after
	}
}

// osReason is the operating system's own words for an error, as strerror has them.
func osReason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		s := number.Error()
		return strings.ToUpper(s[:1]) + s[1:]
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "No such file or directory"
	}
	return err.Error()
}
