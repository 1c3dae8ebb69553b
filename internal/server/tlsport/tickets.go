package tlsport

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"time"
)

// issuedMark stands in a ticket before the second at which it was issued.
var issuedMark = []byte("kring:issued=")

// limitTickets lets tickets be resumed for life, where crypto/tls would for a week.
func limitTickets(c *tls.Config, life time.Duration) {
	c.WrapSession = func(cs tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
		stamp := binary.BigEndian.AppendUint64(bytes.Clone(issuedMark), uint64(time.Now().Unix()))
		ss.Extra = append(ss.Extra, stamp)
		return c.EncryptTicket(cs, ss)
	}
	c.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		ss, err := c.DecryptTicket(ticket, cs)
		if ss == nil || err != nil {
			return nil, err
		}
		for _, extra := range ss.Extra {
			stamp, ours := bytes.CutPrefix(extra, issuedMark)
			if ours && len(stamp) == 8 && time.Since(time.Unix(int64(binary.BigEndian.Uint64(stamp)), 0)) <= life {
				return ss, nil
			}
		}
		return nil, nil // a full handshake follows
	}
}
