package options

import "errors"

// Event classes, the bits of notify-keyspace-events.
const (
	EventKeyspace int64 = 1 << iota // K: publish to __keyspace@<db>__:<key>
	EventKeyevent                   // E: publish to __keyevent@<db>__:<event>
	EventGeneric                    // g: commands of no one type, like DEL
	EventString                     // $
	EventList                       // l
	EventSet                        // s
	EventHash                       // h
	EventZSet                       // z
	EventExpired                    // x
	EventEvicted                    // e
	EventStream                     // t
	EventModule                     // d
	EventMiss                       // m: a read of a missing key; not part of A
	EventNew                        // n: a key was created; not part of A

	// EventAll is what A stands for.
	EventAll = EventGeneric | EventString | EventList | EventSet | EventHash | EventZSet |
		EventExpired | EventEvicted | EventStream | EventModule
)

// eventLetters is in the order in which CONFIG GET writes them.
var eventLetters = []struct {
	letter byte
	bit    int64
}{
	{'g', EventGeneric}, {'$', EventString}, {'l', EventList}, {'s', EventSet}, {'h', EventHash},
	{'z', EventZSet}, {'x', EventExpired}, {'e', EventEvicted}, {'t', EventStream}, {'d', EventModule},
	{'n', EventNew}, {'K', EventKeyspace}, {'E', EventKeyevent}, {'m', EventMiss},
}

// EventClass is the bit of a class's letter, 0 for none.
func EventClass(letter byte) int64 {
	for _, e := range eventLetters {
		if e.letter == letter {
			return e.bit
		}
	}
	return 0
}

// eventKind is notify-keyspace-events: letters that stand for classes.
type eventKind struct{}

func (eventKind) parse(words []string, _ any, _ context) (any, error) {
	w, err := one(words)
	if err != nil {
		return nil, err
	}
	var mask int64
next:
	for i := range len(w) {
		if w[i] == 'A' {
			mask |= EventAll
			continue
		}
		for _, e := range eventLetters {
			if e.letter == w[i] {
				mask |= e.bit
				continue next
			}
		}
		return nil, errors.New("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
	}
	return mask, nil
}

func (eventKind) text(v any) string {
	mask := v.(int64)
	var b []byte
	if mask&EventAll == EventAll {
		b = append(b, 'A')
		mask &^= EventAll
	}
	for _, e := range eventLetters {
		if mask&e.bit != 0 {
			b = append(b, e.letter)
		}
	}
	return string(b)
}

func (k eventKind) directives(v, _ any) []string { return []string{Quote(k.text(v))} }
func (eventKind) words() bool                    { return false }
func (eventKind) newCell() cell                  { return new(Int) }
func (eventKind) label() string                  { return "event letters" }
