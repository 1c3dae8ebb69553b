package tlsport

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// suite is a cipher suite up to TLS 1.2 that crypto/tls has.
type suite struct {
	id       uint16
	openssl  string
	keywords string // of OpenSSL's cipher lists, that select it
	weak     bool   // crypto/tls counts it among the insecure ones: by its name alone
}

const (
	overECDSA = " kECDHE kEECDH ECDHE EECDH aECDSA ECDSA "
	overRSA   = " kECDHE kEECDH ECDHE EECDH aRSA "
	plainRSA  = " kRSA aRSA RSA "
)

var suites = []suite{
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", overECDSA + "HIGH TLSv1.2 AES AES128 AESGCM SHA256", false},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", overECDSA + "HIGH TLSv1.2 AES AES256 AESGCM SHA384", false},
	{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", overECDSA + "HIGH TLSv1.2 CHACHA20", false},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", overRSA + "HIGH TLSv1.2 AES AES128 AESGCM SHA256", false},
	{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", overRSA + "HIGH TLSv1.2 AES AES256 AESGCM SHA384", false},
	{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", overRSA + "HIGH TLSv1.2 CHACHA20", false},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", overECDSA + "HIGH TLSv1 TLSv1.0 AES AES128 SHA SHA1", false},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", overECDSA + "HIGH TLSv1 TLSv1.0 AES AES256 SHA SHA1", false},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", overRSA + "HIGH TLSv1 TLSv1.0 AES AES128 SHA SHA1", false},
	{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", overRSA + "HIGH TLSv1 TLSv1.0 AES AES256 SHA SHA1", false},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", overECDSA + "HIGH TLSv1.2 AES AES128 SHA256", true},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", overRSA + "HIGH TLSv1.2 AES AES128 SHA256", true},
	{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", plainRSA + "HIGH TLSv1.2 AES AES128 AESGCM SHA256", true},
	{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", plainRSA + "HIGH TLSv1.2 AES AES256 AESGCM SHA384", true},
	{tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", plainRSA + "HIGH TLSv1.2 AES AES128 SHA256", true},
	{tls.TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", plainRSA + "HIGH SSLv3 AES AES128 SHA SHA1", true},
	{tls.TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", plainRSA + "HIGH SSLv3 AES AES256 SHA SHA1", true},
}

// named tells whether word is the suite's own name, OpenSSL's or the standard's.
func (s *suite) named(word string) bool {
	return word == s.openssl || word == tls.CipherSuiteName(s.id)
}

// has tells whether every one of the words, joined by "+", selects the suite.
func (s *suite) has(words string) bool {
	for _, w := range strings.Split(words, "+") {
		switch {
		case w == "DEFAULT" || w == "ALL" || w == "COMPLEMENTOFDEFAULT" && s.weak:
		case !slices.Contains(strings.Fields(s.keywords), w):
			return false
		}
	}
	return true
}

// cipherList reads a cipher list in OpenSSL's form (man openssl-ciphers): names and
// keywords, ":", "," or a space between them; "!" excludes for good, "-" takes out, a
// leading "+" only moves. What is unknown selects nothing, as there; an empty result is
// an error. The order does not count: crypto/tls has its own. Keywords do not select
// what crypto/tls counts as insecure. nil means the default.
func cipherList(list string) ([]uint16, error) {
	if list == "" {
		return nil, nil
	}
	const (
		in = 1 << iota
		banned
	)
	state := make([]uint8, len(suites))
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		word, _, _ = strings.Cut(word, "@") // @STRENGTH sorts, @SECLEVEL is OpenSSL's alone
		op, name := byte(0), word
		if word != "" && strings.IndexByte("!-+", word[0]) >= 0 {
			op, name = word[0], word[1:]
		}
		if name == "" {
			continue
		}
		for i := range suites {
			s := &suites[i]
			if !s.named(name) && (!s.has(name) || s.weak && op == 0) {
				continue
			}
			switch op {
			case 0:
				state[i] |= in
			case '-':
				state[i] &^= in
			case '!':
				state[i] |= banned
			}
		}
	}
	var ids []uint16
	for i, st := range state {
		if st == in {
			ids = append(ids, suites[i].id)
		}
	}
	if ids == nil {
		return nil, fmt.Errorf("Failed to configure ciphers: %s", list)
	}
	return ids, nil
}

// suites13 are the suites of TLS 1.3 that crypto/tls has.
var suites13 = []uint16{tls.TLS_AES_128_GCM_SHA256, tls.TLS_AES_256_GCM_SHA384, tls.TLS_CHACHA20_POLY1305_SHA256}

// suites13Elsewhere are those that OpenSSL has besides.
var suites13Elsewhere = []string{"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"}

// unusedSuite replaces a suite that is not allowed in a client's offer: one of the values
// that RFC 8701 reserves for being ignored.
const unusedSuite = 0x0a0a

// restrictSuites holds TLS 1.3 to the named suites. crypto/tls has no setting for them,
// so the others are taken out of what the client offers before one is chosen. That the
// offer can be changed there is not promised: should it stop working, a connection with
// another suite fails, it does not pass. The changed offer is also why a client that has
// to be asked for another key exchange (a HelloRetryRequest) fails under a restricted
// list: crypto/tls takes its second offer for a forged one.
func restrictSuites(c *tls.Config, list string) error {
	if list == "" {
		return nil
	}
	var allowed []uint16
next:
	for _, name := range strings.Split(list, ":") {
		for _, id := range suites13 {
			if tls.CipherSuiteName(id) == name {
				allowed = append(allowed, id)
				continue next
			}
		}
		if !slices.Contains(suites13Elsewhere, name) {
			allowed = nil
			break
		}
	}
	if allowed == nil {
		return fmt.Errorf("Failed to configure ciphersuites: %s", list)
	}
	refused := func(id uint16) bool { return slices.Contains(suites13, id) && !slices.Contains(allowed, id) }
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		for i, id := range hello.CipherSuites {
			if refused(id) {
				hello.CipherSuites[i] = unusedSuite
			}
		}
		return nil, nil
	}
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		if cs.Version == tls.VersionTLS13 && refused(cs.CipherSuite) {
			return fmt.Errorf("%s is not among tls-ciphersuites", tls.CipherSuiteName(cs.CipherSuite))
		}
		return nil
	}
	return nil
}
