package command

var moduleSpecs = []*Spec{{
	Name: "module", Arity: -2, Group: GroupServer, Since: "4.0.0", Complexity: "Depends on subcommand.", Summary: "Commands about modules.",
	Subs: []*Spec{
		{
			Name: "list", Arity: 2, Flags: Admin | NoScript, Group: GroupServer, Handler: moduleList, Since: "4.0.0",
			Complexity: "O(N) where N is the number of loaded modules.", Summary: "Returns the loaded modules: none.",
			Tips: []string{"nondeterministic_output_order"},
		},
		moduleSub("load", -3, "4.0.0", "Loads a module.", "path [arg...]"),
		moduleSub("loadex", -3, "7.0.0", "Loads a module with options.", "path [CONFIG (name value)...] [ARGS args...]"),
		moduleSub("unload", 3, "4.0.0", "Removes a module.", "name"),
		helpSpec(GroupServer, "5.0.0"),
	},
}}

const (
	errNoModule = "ERR Error unloading module: no such module with that name"
	errNoLoader = "ERR Error loading the extension: there is no interface for C modules."
)

func moduleSub(name string, arity int, since, summary, syntax string) *Spec {
	return &Spec{
		Name: name, Arity: arity, Flags: Admin | NoScript | NoAsyncLoading | ProtectedModules | Refused, Group: GroupServer, Handler: moduleLoad, Since: since,
		Complexity: "O(1)", Summary: summary, Syntax: syntax,
	}
}

func moduleList(c *Ctx) { c.W.Array(0) }

// moduleLoad serves MODULE LOAD, LOADEX and UNLOAD.
func moduleLoad(c *Ctx) {
	if c.Spec.Name == "unload" {
		c.W.Error(errNoModule)
		return
	}
	c.W.Error(errNoLoader)
}
