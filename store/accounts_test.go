package store

import (
	"fmt"
	"reflect"
	"testing"
)

// TestAccountsOfUsedDatabases: a database counts from its first key on, also when it came by an exchange.
func TestAccountsOfUsedDatabases(t *testing.T) {
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := func(want ...Keys) {
		t.Helper()
		st, got := s.Accounts()
		sum := int64(0)
		for _, k := range want {
			sum += k.Keys
		}
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) || st.Keys != sum {
			t.Errorf("%+v, %d keys, want %+v", got, st.Keys, want)
		}
	}
	want()
	for i := range 100 {
		setKey(s, 3, fmt.Sprint(i), "v", 0)
	}
	want(Keys{DB: 3, Keys: 100})
	s.SwapDB(3, 7)
	want(Keys{DB: 7, Keys: 100})
	if n := s.Len(7); n != 100 || s.Len(3) != 0 {
		t.Error(n, s.Len(3))
	}
	s.SwapDB(7, 0)
	want(Keys{DB: 0, Keys: 100})
	s.FlushDB(0)
	want()
}
