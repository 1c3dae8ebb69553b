package compat

import "strings"

var adminGroup = Group{Name: "admin",
	Commands: `
		acl acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|help acl|list acl|load acl|log acl|save acl|setuser
		acl|users acl|whoami client|caching client|getredir client|pause client|trackinginfo client|unpause latency
		latency|doctor latency|graph latency|help latency|histogram latency|history latency|latest latency|reset monitor
		role slowlog slowlog|get slowlog|help slowlog|len slowlog|reset`,
	Weight: 2, Gens: adminGens, Cases: adminCases}

// aclRules are rules of which a user is made, with few that are wrong.
var aclRules = strings.Fields(`
	on off nopass >pw >other <pw resetpass ~* ~k* ~a* %R~r* %W~w* %RW~x* resetkeys allkeys allchannels &c* resetchannels +@all
	-@all +@read -@write +@string -@dangerous +get -get +set +config|get +config -config|set +client|id +select|1 allcommands
	nocommands (+get~k*) clearselectors +nosuch +@nosuch %Z~x foo`)

var aclCalls = []string{"GET k", "SET k v", "GET a", "SET w v", "MGET k a", "CONFIG GET x", "DEL k", "CLIENT ID", "SELECT 1", "SELECT 2", "NOSUCH", "GET",
	"PUBLISH c m", "SUBSCRIBE d", "COPY r w"}

// A user is made anew by every SETUSER and gone after the next DELUSER; connections stay
// with the default user, whom nothing changes.
var adminGens = []Gen{
	{Name: "acl-setuser", Make: func(g *G) []string {
		args := []string{"ACL", "SETUSER", g.Pick("u1", "u2"), "reset"}
		for range g.N(6) {
			args = append(args, aclRules[g.N(len(aclRules))])
		}
		return args
	}},
	{Name: "acl-look", Make: func(g *G) []string {
		return strings.Fields(g.Pick("ACL GETUSER u1", "ACL GETUSER u2", "ACL LIST", "ACL USERS", "ACL WHOAMI", "ACL CAT "+g.Pick("string", "hash", "nosuch")))
	}},
	{Name: "acl-dryrun", Make: func(g *G) []string {
		return append([]string{"ACL", "DRYRUN", g.Pick("u1", "u2", "default")}, strings.Fields(g.Pick(aclCalls...))...)
	}},
	{Name: "acl-deluser", Weight: 3, Make: func(g *G) []string { return []string{"ACL", "DELUSER", g.Pick("u1", "u2", "nobody")} }},
	{Name: "operator", Weight: 40, Make: func(g *G) []string {
		return strings.Fields(g.Pick("ROLE", "CLIENT TRACKINGINFO", "CLIENT GETREDIR", "CLIENT CACHING NO", "CLIENT PAUSE 0", "CLIENT UNPAUSE",
			"SLOWLOG", "LATENCY", "ACL", "SLOWLOG LEN x", "SLOWLOG RESET", "SLOWLOG GET 0", "SLOWLOG GET x", "SLOWLOG HELP", "LATENCY HELP",
			"ACL HELP", "ACL SAVE", "ACL LOAD", "ACL LOG RESET", "ACL LOG x", "ACL GENPASS", "ACL GENPASS 0", "LATENCY DOCTOR x",
			"LATENCY GRAPH nosuch", "LATENCY HISTOGRAM nosuch", "LATENCY LATEST", "LATENCY HISTORY command", "LATENCY RESET", "CLIENT PAUSE x", "CLIENT KILL TYPE pubsub"))
	}},
}
