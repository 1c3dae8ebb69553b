package main

import "testing"

func TestFamilyCollides(t *testing.T) {
	if err := verify(10_000); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range 10_000 {
		seen[string(collidingKey(nil, i))] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d distinct keys", len(seen))
	}
	if a := inverse(prime1) * prime1; a != 1 {
		t.Error(a)
	}
}
