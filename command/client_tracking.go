package command

import (
	"slices"
	"strings"

	"github.com/kringdb/kring/resp"
)

// This file is client-side caching as clients switch it: which keys a client is told of
// when they change. Package server remembers and tells.

const trackingFlags = clientFlags

// Tracking is a connection's client-side caching.
type Tracking struct {
	On         bool
	Broadcast, // told of all keys with one of Prefixes, whether it has read them or not
	OptIn, // only keys read right after CLIENT CACHING YES
	OptOut, // not keys read right after CLIENT CACHING NO
	NoLoop, // not told of its own changes
	Caching, // CLIENT CACHING was said
	Broken bool // the client that Redirect names is gone
	Redirect int64    // the client that is told instead, 0: none
	Prefixes []string // sorted; only with Broadcast
}

var clientTrackingSpecs = []*Spec{
	{
		Name: "caching", Arity: 3, Flags: trackingFlags, Group: GroupConnection, Handler: clientCaching,
		Since: "6.0.0", Complexity: "O(1)", Summary: "Says whether the keys of the next command are to be tracked.", Syntax: "<YES | NO>",
	},
	{
		Name: "getredir", Arity: 2, Flags: trackingFlags, Group: GroupConnection,
		Handler: func(c *Ctx) { c.W.Int(redirection(c.Client.Tracking())) },
		Since:   "6.0.0", Complexity: "O(1)", Summary: "Tells to which client invalidations go.",
	},
	{
		// Exclusive, so that no change is under way that a new prefix should hear of.
		Name: "tracking", Arity: -3, Flags: trackingFlags | Exclusive, Group: GroupConnection, Handler: clientTracking,
		Since: "6.0.0", Complexity: "O(1). Some options may introduce additional complexity.",
		Summary: "Switches client-side caching on or off.",
		Syntax:  "<ON | OFF> [REDIRECT client-id:integer] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
	},
	{
		Name: "trackinginfo", Arity: 2, Flags: trackingFlags, Group: GroupConnection, Handler: clientTrackingInfo,
		Since: "6.2.0", Complexity: "O(1)", Summary: "Describes the connection's client-side caching.",
	},
}

// redirection is what CLIENT GETREDIR answers.
func redirection(t Tracking) int64 {
	if !t.On {
		return -1
	}
	return t.Redirect
}

func clientCaching(c *Ctx) {
	t := c.Client.Tracking()
	if !t.On {
		c.W.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
		return
	}
	switch {
	case equalFold(c.Args[2], "yes"):
		if !t.OptIn {
			c.W.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
			return
		}
	case equalFold(c.Args[2], "no"):
		if !t.OptOut {
			c.W.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
			return
		}
	default:
		c.W.Error(ErrSyntax)
		return
	}
	c.Client.SetCaching()
	c.W.OK()
}

func clientTracking(c *Ctx) {
	want, ok := parseTracking(c)
	if !ok {
		return
	}
	on, ok := onOff(c, c.Args[2])
	if !ok {
		return
	}
	if !on {
		c.Client.SetTracking(Tracking{})
		c.W.OK()
		return
	}
	have := c.Client.Tracking()
	if text := switchable(&have, &want); text != "" {
		c.W.Error(text)
		return
	}
	want.On = true
	if want.Broadcast {
		if len(want.Prefixes) == 0 {
			want.Prefixes = []string{""}
		}
		want.Prefixes = append(want.Prefixes, have.Prefixes...)
		slices.Sort(want.Prefixes)
		want.Prefixes = slices.Compact(want.Prefixes)
	}
	c.Client.SetTracking(want)
	c.W.OK()
}

// parseTracking reads the options behind ON or OFF; it replies the error itself.
func parseTracking(c *Ctx) (t Tracking, ok bool) {
	for i := 3; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch arg := c.Args[i]; {
		case equalFold(arg, "redirect") && more:
			i++
			if t.Redirect != 0 {
				c.W.Error("ERR A client can only redirect to a single other client")
				return t, false
			}
			id, ok := resp.ParseInt(c.Args[i])
			if !ok {
				c.W.Error(ErrNotInteger)
				return t, false
			}
			if !c.Host.Clients.Has(id) {
				c.W.Error("ERR The client ID you want redirect to does not exist")
				return t, false
			}
			t.Redirect = id
		case equalFold(arg, "prefix") && more:
			i++
			t.Prefixes = append(t.Prefixes, string(c.Args[i]))
		case equalFold(arg, "bcast"):
			t.Broadcast = true
		case equalFold(arg, "optin"):
			t.OptIn = true
		case equalFold(arg, "optout"):
			t.OptOut = true
		case equalFold(arg, "noloop"):
			t.NoLoop = true
		default:
			c.W.Error(ErrSyntax)
			return t, false
		}
	}
	return t, true
}

// switchable tells whether a client may go from one way of tracking to another: the text
// of an error, or nothing.
func switchable(have, want *Tracking) string {
	switch {
	case !want.Broadcast && len(want.Prefixes) > 0:
		return "ERR PREFIX option requires BCAST mode to be enabled"
	case have.On && have.Broadcast != want.Broadcast:
		return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
	case want.Broadcast && (want.OptIn || want.OptOut):
		return "ERR OPTIN and OPTOUT are not compatible with BCAST"
	case want.OptIn && want.OptOut:
		return "ERR You can't specify both OPTIN mode and OPTOUT mode"
	case want.OptIn && have.OptOut || want.OptOut && have.OptIn:
		return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
	}
	for i, p := range want.Prefixes {
		for _, old := range have.Prefixes {
			if overlap(p, old) {
				return "ERR Prefix '" + CText([]byte(p), len(p)) + "' overlaps with an existing prefix '" + CText([]byte(old), len(old)) + "'. Prefixes for a single client must not overlap."
			}
		}
		for _, other := range want.Prefixes[i+1:] {
			if overlap(p, other) {
				return "ERR Prefix '" + CText([]byte(p), len(p)) + "' overlaps with another provided prefix '" + CText([]byte(other), len(other)) + "'. Prefixes for a single client must not overlap."
			}
		}
	}
	return ""
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

func clientTrackingInfo(c *Ctx) {
	t := c.Client.Tracking()
	flags := []string{"off"}
	if t.On {
		flags[0] = "on"
	}
	for _, f := range []struct {
		set  bool
		name string
	}{
		{t.Broadcast, "bcast"}, {t.OptIn, "optin"}, {t.OptIn && t.Caching, "caching-yes"}, {t.OptOut, "optout"},
		{t.OptOut && t.Caching, "caching-no"}, {t.NoLoop, "noloop"}, {t.Broken, "broken_redirect"},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	w := c.W
	w.Map(3)
	w.BulkString("flags")
	w.Set(len(flags))
	for _, f := range flags {
		w.BulkString(f)
	}
	w.BulkString("redirect")
	w.Int(redirection(t))
	w.BulkString("prefixes")
	w.Array(len(t.Prefixes))
	for _, p := range t.Prefixes {
		w.BulkString(p)
	}
}
