package compat

import (
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// comparator tells whether two replies that are no errors agree.
type comparator func(st Step, oracle, subject rawclient.Value) bool

// comparators by Step.Name(), for replies that cannot be equal byte for byte: they
// depend on the clock, on a process, on iteration order, or on memory layout.
var comparators map[string]comparator

func init() {
	comparators = map[string]comparator{
		"ttl":                     secondsClose,
		"pttl":                    millisClose,
		"expiretime":              secondsClose,
		"pexpiretime":             millisClose,
		"dump":                    sameNullness,
		"lastsave":                sameKind,
		"keys":                    sameSet,
		"scan":                    scanShape,
		"randomkey":               sameNullness,
		"time":                    timeShape,
		"hello":                   helloAgrees,
		"info":                    infoAgrees,
		"lolwut":                  sameKind,
		"command":                 sameKind,
		"command|count":           sameKind,
		"command|info":            commandInfoAgrees,
		"command|docs":            commandDocsAgree,
		"command|list":            commandListAgrees,
		"command|getkeysandflags": sameWithFlagSets,
		"script|help":             helpAgrees,
		"function|help":           helpAgrees,
		"function|dump":           sameKind,
		"function|list":           sameSet,
		"command|help":            helpAgrees,
		"config|get":              samePairs,
		"config|help":             helpAgrees,
		"client|id":               sameKind,
		"client|info":             clientLinesAgree,
		"client|list":             clientLinesAgree,
		"client|help":             helpAgrees,
		"acl|help":                helpAgrees,
		"acl|cat":                 aclCatAgrees,
		"acl|genpass":             sameKind,
		"acl|log":                 aclLogAgrees,
		"slowlog|help":            helpAgrees,
		"latency|help":            helpAgrees,
		"latency|doctor":          sameKind,
		"latency|histogram":       histogramsAgree,
		"object|idletime":         idleClose,
		"object|freq":             freqClose,
		"object|help":             helpAgrees,
		"memory|usage":            sameNullness,
		"memory|help":             helpAgrees,
		"debug|object":            debugObjectAgrees,
		"debug|help":              helpAgrees,
		"memory|doctor":           sameKind,
		"memory|stats":            sameKind,
		"memory|malloc-stats":     sameKind,
	}
}

// agree compares two replies: errors exactly, others by the command's comparator or
// exactly.
func agree(st Step, o, s rawclient.Value) bool {
	if o.Equal(s) {
		return true
	}
	if o.IsError() || s.IsError() || st.Op != "" {
		return false
	}
	c := comparators[st.Name()]
	return c != nil && c(st, o, s)
}

func bothInts(o, s rawclient.Value) bool { return o.Kind == rawclient.Int && s.Kind == rawclient.Int }

func secondsClose(_ Step, o, s rawclient.Value) bool {
	return bothInts(o, s) && closeDeadlines(o.Int, s.Int, deadlineToleranceMillis/1000)
}

func millisClose(_ Step, o, s rawclient.Value) bool {
	return bothInts(o, s) && closeDeadlines(o.Int, s.Int, deadlineToleranceMillis)
}

// idleClose: sequences are short, so the subject's keys are young. The oracle's may look
// older: integers below 10,000 are objects shared by the whole server.
func idleClose(_ Step, o, s rawclient.Value) bool {
	return bothInts(o, s) && o.Int >= 0 && s.Int >= 0 && s.Int <= deadlineToleranceMillis/1000
}

// freqClose: the LFU counter grows by chance.
func freqClose(_ Step, o, s rawclient.Value) bool {
	return bothInts(o, s) && o.Int >= 0 && s.Int >= 0 && o.Int-s.Int <= 5 && s.Int-o.Int <= 5
}

func sameSet(_ Step, o, s rawclient.Value) bool {
	return o.Kind == s.Kind && o.Sorted().Equal(s.Sorted())
}

func sameKind(_ Step, o, s rawclient.Value) bool { return o.Kind == s.Kind && o.Nil == s.Nil }

// sameNullness: both null in the same form, or neither.
func sameNullness(_ Step, o, s rawclient.Value) bool {
	return o.IsNull() == s.IsNull() && sameKind(Step{}, o, s)
}

// scanShape: cursors belong to one server; whole iterations are compared by !scan.
func scanShape(_ Step, o, s rawclient.Value) bool {
	return len(o.Elems) == 2 && len(s.Elems) == 2 && o.Kind == s.Kind &&
		o.Elems[0].Kind == s.Elems[0].Kind && o.Elems[1].Kind == s.Elems[1].Kind
}

func timeShape(_ Step, o, s rawclient.Value) bool {
	return o.Kind == s.Kind && len(o.Elems) == 2 && len(s.Elems) == 2 &&
		o.Elems[0].Kind == s.Elems[0].Kind && len(o.Elems[0].Str) == len(s.Elems[0].Str)
}

// pairs turns a map or a flat array of pairs into a map of renderings.
func pairs(v rawclient.Value) map[string]string {
	m := make(map[string]string, len(v.Elems)/2)
	for i := 0; i+1 < len(v.Elems); i += 2 {
		m[v.Elems[i].String()] = v.Elems[i+1].String()
	}
	return m
}

// samePairs: equal but for the order of the pairs.
func samePairs(_ Step, o, s rawclient.Value) bool {
	a, b := pairs(o), pairs(s)
	if o.Kind != s.Kind || len(o.Elems) != len(s.Elems) || len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// debugObjectAgrees compares the fields that do not depend on memory or time; lengths below 8 are the same: nothing
// that is compressed is as short.
func debugObjectAgrees(_ Step, o, s rawclient.Value) bool {
	pick := func(text string) string {
		var kept []string
		for _, f := range strings.Fields(text) {
			length, isLength := strings.CutPrefix(f, "serializedlength:")
			if strings.HasPrefix(f, "encoding:") || isLength && len(length) == 1 && length < "8" {
				kept = append(kept, f)
			}
		}
		return strings.Join(kept, " ")
	}
	return o.Kind == s.Kind && strings.HasPrefix(s.Str, "Value at:") && pick(o.Str) == pick(s.Str)
}

// helpAgrees: the same form and first line; the list of subcommands grows by version.
func helpAgrees(_ Step, o, s rawclient.Value) bool {
	return o.Kind == s.Kind && len(o.Elems) > 1 && len(s.Elems) > 1 &&
		o.Elems[0].Equal(s.Elems[0]) && o.Elems[1].Kind == s.Elems[1].Kind &&
		o.Elems[len(o.Elems)-1].Equal(s.Elems[len(s.Elems)-1])
}

// aclCatAgrees: all that the subject has of a category is in the oracle's, but for what
// came later.
func aclCatAgrees(st Step, o, s rawclient.Value) bool {
	if len(st.Args) == 2 {
		return sameSet(st, o, s)
	}
	has := map[string]bool{}
	for _, name := range s.Texts() {
		has[name] = true
	}
	for _, name := range o.Texts() {
		if coveredCommands()[name] && !has[name] {
			return false
		}
	}
	return o.Kind == s.Kind
}
