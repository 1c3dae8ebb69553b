package tlsport

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // old keys are encrypted so
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PBKDF2's default hash
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// The parts of an encrypted key (RFC 5958) under PBES2 (RFC 8018):
//
//	EncryptedPrivateKeyInfo ::= { algorithm PBES2 { PBKDF2 { salt, n, hash }, cipher { iv } }, data }
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct{ KDF, Cipher pkix.AlgorithmIdentifier }

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyBytes   int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// prfs are the hashes of PBKDF2; without a name it is the first.
var prfs = []struct {
	oid  asn1.ObjectIdentifier
	hash func() hash.Hash
}{
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}, sha1.New},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, sha256.New},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 10}, sha512.New384},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}, sha512.New},
}

// keyCiphers are the ciphers, all in CBC mode.
var keyCiphers = []struct {
	oid      asn1.ObjectIdentifier
	keyBytes int
	block    func(key []byte) (cipher.Block, error)
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16, aes.NewCipher},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24, aes.NewCipher},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32, aes.NewCipher},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}, 24, des.NewTripleDESCipher},
}

var errKeyForm = errors.New("the encrypted key is damaged")

// decryptPKCS8 decrypts an ENCRYPTED PRIVATE KEY, as openssl writes it by default: PBES2
// with PBKDF2. Other schemes (scrypt, PKCS#12's) are refused by name.
func decryptPKCS8(der []byte, pass string) ([]byte, error) {
	var k encryptedKey
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 {
		return nil, errKeyForm
	}
	if !k.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("the key is encrypted by scheme %v, of which only PBES2 is supported: rewrite it with 'openssl pkcs8 -topk8'",
			k.Algorithm.Algorithm)
	}
	var p pbes2Params
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, errKeyForm
	}
	for _, c := range keyCiphers {
		if !p.Cipher.Algorithm.Equal(c.oid) {
			continue
		}
		var iv []byte
		if _, err := asn1.Unmarshal(p.Cipher.Parameters.FullBytes, &iv); err != nil {
			return nil, errKeyForm
		}
		key, err := deriveKey(p.KDF, pass, c.keyBytes)
		if err != nil {
			return nil, err
		}
		block, err := c.block(key)
		if err != nil {
			return nil, err
		}
		return decryptCBC(block, iv, k.Data)
	}
	return nil, fmt.Errorf("the key is encrypted by cipher %v, which is not supported: rewrite it with 'openssl pkcs8 -topk8 -v2 aes-256-cbc'",
		p.Cipher.Algorithm)
}

func deriveKey(kdf pkix.AlgorithmIdentifier, pass string, keyBytes int) ([]byte, error) {
	if !kdf.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("the key's passphrase goes through %v, of which only PBKDF2 is supported: rewrite it with 'openssl pkcs8 -topk8'",
			kdf.Algorithm)
	}
	var p pbkdf2Params
	if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil {
		return nil, errKeyForm
	}
	if p.Iterations < 1 || p.Iterations > maxIterations || p.KeyBytes != 0 && p.KeyBytes != keyBytes {
		return nil, errKeyForm
	}
	if p.PRF.Algorithm == nil {
		p.PRF.Algorithm = prfs[0].oid
	}
	for _, h := range prfs {
		if p.PRF.Algorithm.Equal(h.oid) {
			return pbkdf2.Key(h.hash, pass, p.Salt, p.Iterations, keyBytes)
		}
	}
	return nil, fmt.Errorf("the key's passphrase is hashed by %v, which is not supported", p.PRF.Algorithm)
}

// decryptCBC decrypts and takes the padding off; a wrong passphrase shows there or, once
// in 256 times, when the key is parsed.
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, errKeyForm
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	n := int(out[len(out)-1])
	if n == 0 || n > size || !bytes.Equal(out[len(out)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, errBadPass
	}
	return out[:len(out)-n], nil
}
