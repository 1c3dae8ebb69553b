package cluster

import "github.com/kringdb/kring/resp"

// emptyDump is the length of what FUNCTION DUMP replies when there are no libraries: a version and a checksum.
const emptyDump = 10

// fetchFunctions gives this node the source's libraries of functions if it has none, as a node that is new: calls to functions come
// with the slots.
func (in *intake) fetchFunctions(w *wire) error {
	house := in.m.n.House
	if house.Libraries() > 0 {
		return nil
	}
	err := w.send("FUNCTION", "DUMP")
	var dump []byte
	if err == nil {
		dump, err = w.bulk()
	}
	if err != nil { // such a user may not; a connection that is broken shows soon enough
		in.m.n.Log.Warn("the functions of the source do not come with its slots", "source", in.j.source, "error", err)
		return nil
	}
	if len(dump) <= emptyDump {
		return nil
	}
	ran, err := house.Replay([]resp.Args{{[]byte("FUNCTION"), []byte("RESTORE"), dump}}, false, in.abroad)
	if err == nil && !ran {
		err = errNotAbroad
	}
	return err
}
