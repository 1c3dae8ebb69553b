package metrics

import (
	"regexp"
	"strings"
	"testing"
)

// TestMetricNames holds that every row of the table is well formed and that names are
// used once.
func TestMetricNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range metrics {
		if !regexp.MustCompile(`^(redis|kring)_[a-z_0-9]+$`).MatchString(m.name) || m.help == "" || !strings.HasSuffix(m.help, ".") || seen[m.name] || seen[m.field] {
			t.Errorf("%+v", m)
		}
		seen[m.name], seen[m.field] = true, true
	}
}
