package glob

import "testing"

func BenchmarkMatch(b *testing.B) {
	s := []byte("user:0000001234:session")
	for _, pattern := range []string{"*", "user:*", "*:session", "user:*:session", "user:[0-9]*:s?ssion", "nothing*"} {
		b.Run(pattern, func(b *testing.B) {
			p := New([]byte(pattern), false)
			for b.Loop() {
				p.Match(s)
			}
		})
	}
}
