package tlsport

import (
	"crypto/tls"
	"errors"
	"strings"
)

// versions are the names of tls-protocols, oldest first.
var versions = []struct {
	name string
	id   uint16
}{
	{"TLSv1", tls.VersionTLS10}, {"TLSv1.1", tls.VersionTLS11}, {"TLSv1.2", tls.VersionTLS12}, {"TLSv1.3", tls.VersionTLS13},
}

// protocols reads tls-protocols. crypto/tls knows a lowest and a highest version, so a
// list that leaves one out in between is refused.
func protocols(list string) (lowest, highest uint16, err error) {
	if list == "" {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	var named [4]bool
next:
	for _, word := range strings.Split(list, " ") {
		for i, v := range versions {
			if strings.EqualFold(word, v.name) {
				named[i] = true
				continue next
			}
		}
		return 0, 0, errors.New("Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.")
	}
	for i, v := range versions {
		switch {
		case !named[i]:
		case lowest == 0:
			lowest, highest = v.id, v.id
		case v.id != highest+1:
			return 0, 0, errors.New("Invalid tls-protocols specified: Kring can not leave out a version between two others.")
		default:
			highest = v.id
		}
	}
	return lowest, highest, nil
}
