package persistence

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kringdb/kring/persistence/rdb"
)

// snapshot returns an RDB file with two keys.
func snapshot(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := rdb.NewWriter(&b, rdb.Format{Checksum: true, Limits: rdb.DefaultLimits})
	w.About(&rdb.About{RedisVersion: "7.4.0", AOFBase: true})
	w.Sizes(0, 2, 1)
	w.String(&rdb.Meta{Key: []byte("k"), Deadline: 1, Idle: -1, Freq: -1}, []byte("v"))
	w.Begin(&rdb.Meta{Key: []byte("l"), Idle: -1, Freq: -1}, rdb.Shape{Kind: rdb.List, N: 1})
	w.Elem([]byte("e"))
	w.End()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckAOF(t *testing.T) {
	base := snapshot(t)
	const (
		manifest = "file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n"
		ping     = "*1\r\n$4\r\nPING\r\n"
		unit     = "*1\r\n$5\r\nMULTI\r\n" + ping + ping + "*1\r\n$4\r\nEXEC\r\n"
	)
	damagedBase := bytes.Clone(base)
	damagedBase[len(base)-12] ^= 0x40
	for _, c := range []struct {
		name         string
		base         []byte
		first, other string
		want         string // what the error says
		offset       int64
		records      int64
	}{
		{"whole", base, unit + "#TS:1\r\n" + ping, ping, "", 0, 4},
		{"preamble followed by records", append(bytes.Clone(base), ping...), ping, "", "", 0, 2},
		{"cut at the end", base, ping, ping + "*1\r\n$4\r\nPI", "its last record is cut off", 14, 2},
		{"cut transaction", base, ping, "*1\r\n$5\r\nMULTI\r\n" + ping, "its last transaction is cut off", 0, 2},
		{"cut in the middle", base, ping + "*1\r\n$4\r\nPI", ping, "but other files follow it", 14, 1},
		{"cut, and nothing follows", base, ping + "*1\r\n", "", "its last record is cut off", 14, 1},
		{"damaged", base, ping + "*1\r\n$x\r\n", ping, "is no number", 14, 1},
		{"nested", base, "*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nMULTI\r\n", "", "MULTI within MULTI", 15, 0},
		{"EXEC alone", base, "*1\r\n$4\r\nEXEC\r\n", "", "EXEC without MULTI", 0, 0},
		{"damaged snapshot", damagedBase, ping, "", "", -1, 0},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"a.manifest": manifest, "a.1.base.rdb": string(c.base), "a.1.incr.aof": c.first, "a.2.incr.aof": c.other} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{dir, filepath.Join(dir, "a.manifest")} {
			reports, err := CheckAOF(path)
			records := int64(0)
			for i := range reports {
				records += reports[i].Records
				if reports[i].String() == "" {
					t.Error("an empty report")
				}
			}
			var le *LoadError
			switch {
			case c.offset == -1:
				if !errors.As(err, &le) {
					t.Errorf("%s: %v", c.name, err)
				}
			case c.want == "" && (err != nil || reports[0].Snapshot.Keys() != 2):
				t.Errorf("%s: %v: %v", c.name, err, reports)
			case c.want != "" && (!errors.As(err, &le) || !strings.Contains(err.Error(), c.want) || le.Offset != c.offset):
				t.Errorf("%s: %v", c.name, err)
			}
			if records != c.records {
				t.Errorf("%s: %d records", c.name, records)
			}
		}
	}
	if _, err := CheckAOF(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was checked")
	}
	if _, err := CheckAOF(t.TempDir()); err == nil {
		t.Error("an empty directory was checked")
	}
}
