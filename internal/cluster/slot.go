package cluster

import "github.com/kringdb/kring/internal/hashslot"

// Slots is how many hash slots there are.
const Slots = hashslot.Slots

// Slot is a hash slot: a number below Slots.
type Slot = hashslot.Slot

// KeySlot is the slot of a key.
func KeySlot(key []byte) Slot { return hashslot.Of(key) }
