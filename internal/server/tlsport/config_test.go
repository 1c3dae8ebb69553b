package tlsport

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/testcert"
)

// files is a directory with an authority, a server's pair and what else a test wants.
type files struct {
	t    *testing.T
	dir  string
	ca   *testcert.CA
	pair testcert.Pair
	Settings
}

func newFiles(t *testing.T) *files {
	t.Helper()
	f := &files{t: t, dir: t.TempDir()}
	var err error
	if f.ca, err = testcert.NewCA("authority"); err != nil {
		t.Fatal(err)
	}
	f.pair = f.issue(testcert.Spec{Name: "server"})
	f.CertFile, f.KeyFile, err = f.pair.Write(f.dir, "server")
	if err != nil {
		t.Fatal(err)
	}
	f.CAFile = f.write("ca.crt", f.ca.Cert)
	f.Tickets, f.TicketLife = true, time.Minute
	return f
}

func (f *files) issue(s testcert.Spec) testcert.Pair {
	f.t.Helper()
	p, err := f.ca.Issue(s)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *files) write(name string, text []byte) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *files) config() *tls.Config {
	f.t.Helper()
	c, warnings, err := f.Config(time.Now())
	if err != nil || warnings != nil {
		f.t.Fatal(err, warnings)
	}
	return c
}

func TestConfigErrors(t *testing.T) {
	f := newFiles(t)
	other := f.issue(testcert.Spec{Name: "other"})
	_, otherKey, err := other.Write(f.dir, "other")
	if err != nil {
		t.Fatal(err)
	}
	empty := f.write("empty", nil)
	text := f.write("text", []byte("no PEM at all"))
	broken := f.write("broken", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("junk")}))
	emptyDir := filepath.Join(f.dir, "none")
	if err := os.Mkdir(emptyDir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		change func(s *Settings)
		want   string
	}{
		{"no certificate", func(s *Settings) { s.CertFile = "" }, "No tls-cert-file configured!"},
		{"no key", func(s *Settings) { s.KeyFile = "" }, "No tls-key-file configured!"},
		{"missing certificate", func(s *Settings) { s.CertFile = "/no/such" }, "Failed to load certificate: /no/such: no such file"},
		{"missing key", func(s *Settings) { s.KeyFile = "/no/such" }, "Failed to load private key: /no/such: no such file"},
		{"empty certificate", func(s *Settings) { s.CertFile = empty }, "Failed to load certificate: "},
		{"text for a certificate", func(s *Settings) { s.CertFile = text }, "Failed to load certificate: "},
		{"broken certificate", func(s *Settings) { s.CertFile = broken }, "Failed to load certificate: "},
		{"key for a certificate", func(s *Settings) { s.CertFile = s.KeyFile }, "Failed to load certificate: "},
		{"text for a key", func(s *Settings) { s.KeyFile = text }, "Failed to load private key: "},
		{"certificate for a key", func(s *Settings) { s.KeyFile = s.CertFile }, "Failed to load private key: "},
		{"another's key", func(s *Settings) { s.KeyFile = otherKey }, "private key does not match"},
		{"directory for a key", func(s *Settings) { s.KeyFile = emptyDir }, "Failed to load private key: "},
		{"no authority", func(s *Settings) { s.CAFile, s.Auth = "", tls.RequireAndVerifyClientCert }, "Either tls-ca-cert-file or tls-ca-cert-dir must be"},
		{"missing authority", func(s *Settings) { s.CAFile = "/no/such" }, "Failed to configure CA certificate(s) file/directory: /no/such"},
		{"text for an authority", func(s *Settings) { s.CAFile = text }, "Failed to configure CA certificate(s) file/directory: "},
		{"missing directory", func(s *Settings) { s.CADir = "/no/such" }, "Failed to configure CA certificate(s) file/directory: open /no/such"},
		{"directory without authorities", func(s *Settings) { s.CAFile, s.CADir = "", emptyDir }, "no certificate in "},
		{"protocol", func(s *Settings) { s.Protocols = "TLSv1.9" }, "Invalid tls-protocols specified. Use a combination"},
		{"two spaces", func(s *Settings) { s.Protocols = "TLSv1.2  TLSv1.3" }, "Invalid tls-protocols specified. Use a combination"},
		{"gap", func(s *Settings) { s.Protocols = "TLSv1.1 TLSv1.3" }, "can not leave out"},
		{"ciphers", func(s *Settings) { s.Ciphers = "BOGUS" }, "Failed to configure ciphers: BOGUS"},
		{"suites", func(s *Settings) { s.CipherSuites = "BOGUS" }, "Failed to configure ciphersuites: BOGUS"},
	} {
		s := f.Settings
		c.change(&s)
		if got, _, err := s.Config(time.Now()); err == nil || !strings.HasPrefix(err.Error(), c.want) && !strings.Contains(err.Error(), c.want) || got != nil {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
	}
}

func TestConfigWarnsOfValidity(t *testing.T) {
	f := newFiles(t)
	for _, at := range []time.Duration{-30 * 24 * time.Hour, 30 * 24 * time.Hour} {
		_, warnings, err := f.Config(time.Now().Add(at))
		if err != nil || len(warnings) != 1 {
			t.Errorf("%v from now: %v, %v", at, warnings, err)
		}
	}
}

func TestAuthorities(t *testing.T) {
	f := newFiles(t)
	f.Auth = tls.RequireAndVerifyClientCert
	f.CADir, f.CAFile = f.dir, ""
	second, err := testcert.NewCA("second")
	if err != nil {
		t.Fatal(err)
	}
	f.write("0a1b2c3d.0", second.Cert)
	f.write("notes.txt", []byte("not a certificate"))
	if pool := f.config().ClientCAs; pool == nil || len(pool.Subjects()) != 3 { //nolint:staticcheck // of a pool made here
		t.Errorf("the directory's authorities: %v", pool)
	}
	f.Auth, f.CADir = tls.NoClientCert, ""
	f.config() // none needed
}

func TestProtocols(t *testing.T) {
	for _, c := range []struct {
		list            string
		lowest, highest uint16
	}{
		{"", tls.VersionTLS12, tls.VersionTLS13},
		{"TLSv1.3", tls.VersionTLS13, tls.VersionTLS13},
		{"tlsv1.3 TLSV1.2", tls.VersionTLS12, tls.VersionTLS13},
		{"TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", tls.VersionTLS10, tls.VersionTLS13},
	} {
		lowest, highest, err := protocols(c.list)
		if err != nil || lowest != c.lowest || highest != c.highest {
			t.Errorf("%q: %x to %x, %v", c.list, lowest, highest, err)
		}
	}
}

func TestCipherList(t *testing.T) {
	const weak = "TLS_RSA_WITH_AES_128_CBC_SHA"
	names := func(list string) string {
		ids, err := cipherList(list)
		if err != nil {
			return err.Error()
		}
		var s []string
		for _, id := range ids {
			s = append(s, tls.CipherSuiteName(id))
		}
		return strings.Join(s, " ")
	}
	for _, c := range []struct{ list, has, hasNot string }{
		{"DEFAULT:!MEDIUM", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", weak},
		{"HIGH:!aNULL:!MD5", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", weak},
		{"ECDHE+AESGCM", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "CHACHA20"},
		{"ECDHE-ECDSA-AES128-GCM-SHA256:UNKNOWN", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE_RSA"},
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDSA"},
		{"AES128-SHA", weak, "ECDHE"},
		{"ALL:-AES128:+AES256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "AES_128"},
		{"ALL:-SHA1:ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA "},
		{"!SHA1,ALL @STRENGTH", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "_SHA "},
		{"DEFAULT@SECLEVEL=2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", weak},
		{"ALL:!ALL", "Failed to configure ciphers", "TLS_"},
	} {
		got := names(c.list) + " "
		if !strings.Contains(got, c.has) || strings.Contains(got, c.hasNot) {
			t.Errorf("%s gives %s", c.list, got)
		}
	}
	known := append(tls.CipherSuites(), tls.InsecureCipherSuites()...)
	for i := range suites {
		for _, k := range known {
			if k.ID == suites[i].id && k.Insecure != suites[i].weak {
				t.Errorf("%s: crypto/tls counts it otherwise", k.Name)
			}
		}
	}
}

// encryptPKCS8 is what decryptPKCS8 undoes.
func encryptPKCS8(t *testing.T, der []byte, pass string) []byte {
	t.Helper()
	salt, iv := []byte("saltsalt"), []byte("0123456789abcdef")
	const rounds = 1000
	raw := func(v any) asn1.RawValue {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: b}
	}
	id := func(oid asn1.ObjectIdentifier, params any) pkix.AlgorithmIdentifier {
		return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: raw(params)}
	}
	key, err := pbkdf2.Key(sha256.New, pass, salt, rounds, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	n := aes.BlockSize - len(der)%aes.BlockSize
	data := append(bytes.Clone(der), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	out, err := asn1.Marshal(encryptedKey{
		Algorithm: id(oidPBES2, pbes2Params{
			KDF: id(oidPBKDF2, struct {
				Salt []byte
				N    int
				PRF  pkix.AlgorithmIdentifier
			}{salt, rounds, pkix.AlgorithmIdentifier{Algorithm: prfs[1].oid, Parameters: asn1.NullRawValue}}),
			Cipher: id(keyCiphers[2].oid, iv),
		}),
		Data: data,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncryptedKeys(t *testing.T) {
	f := newFiles(t)
	block, _ := pem.Decode(f.pair.Key)
	legacy, err := x509.EncryptPEMBlock(rand.Reader, "PRIVATE KEY", block.Bytes, []byte("secret"), x509.PEMCipherAES256) //nolint:staticcheck // what is tested
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]byte{
		"pkcs8":  pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: encryptPKCS8(t, block.Bytes, "secret")}),
		"legacy": pem.EncodeToMemory(legacy),
	}
	for name, args := range map[string][]string{
		"openssl":      {"pkcs8", "-topk8", "-in", f.KeyFile, "-passout", "pass:secret"},
		"openssl-sha1": {"pkcs8", "-topk8", "-in", f.KeyFile, "-passout", "pass:secret", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"},
		"openssl-3des": {"pkcs8", "-topk8", "-in", f.KeyFile, "-passout", "pass:secret", "-v2", "des3", "-v2prf", "hmacWithSHA512"},
	} {
		if out, err := exec.Command("openssl", args...).Output(); err == nil {
			keys[name] = out
		} else {
			t.Log("openssl: ", err)
		}
	}
	for name, text := range keys {
		f.KeyFile = f.write(name, text)
		for _, c := range []struct{ pass, want string }{
			{"secret", ""}, {"", errNoPass.Error()}, {"wrong", "Failed to load private key"},
		} {
			f.KeyPass = c.pass
			_, _, err := f.Config(time.Now())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s with %q: %v", name, c.pass, err)
			}
		}
	}
	if out, err := exec.Command("openssl", "pkcs8", "-topk8", "-in", filepath.Join(f.dir, "server.key"), "-passout", "pass:secret", "-scrypt").Output(); err == nil {
		f.KeyFile, f.KeyPass = f.write("scrypt", out), "secret"
		if _, _, err := f.Config(time.Now()); err == nil || !strings.Contains(err.Error(), "only PBKDF2") {
			t.Errorf("scrypt: %v", err)
		}
	}
}

func FuzzDecryptKey(f *testing.F) {
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := decryptKey(text, "p"); err == nil {
			if b, _ := pem.Decode(key); b == nil {
				t.Errorf("no PEM: %q", key)
			}
		}
	})
}
