//go:build !unix

package files

import "errors"

// Lock would lock a file; there is no such thing here.
func Lock(string) (unlock func(), err error) {
	return nil, errors.New("files cannot be locked on this system")
}
