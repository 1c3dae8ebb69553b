package script

import (
	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/internal/lua/bit"
	"github.com/kringdb/kring/internal/lua/cjson"
	"github.com/kringdb/kring/internal/lua/cmsgpack"
	"github.com/kringdb/kring/internal/lua/structs"
)

// openLibraries opens what scripts have besides Lua's own libraries.
func openLibraries(st *lua.State) {
	cjson.Open(st)
	cmsgpack.Open(st)
	structs.Open(st)
	bit.Open(st)
}
