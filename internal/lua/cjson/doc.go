// Package cjson is the library cjson of scripts: Lua values to and from JSON, as
// lua-cjson 2.1 has it in Redis.
//
// Terms
//
//	array     a table whose keys are all whole numbers from 1 on; it must not be sparse
//	sparse    an array with a key above safe that is more than ratio times its length
//	token     what the text consists of; messages name them T_OBJ_BEGIN and so on
//	null      the light userdata Light(0): what null becomes, and what becomes null
//
// Invariants
//
//  1. Bytes of strings pass as they are: nothing checks UTF-8.
//
//  2. Nesting is bounded in both directions, by options; decoding never recurses deeper.
//
//  3. A byte 0 ends the text, as in C.
//
//  4. Each library that Open and cjson.new make has options of its own; Library.Reset gives
//     it those that scripts expect.
//
//     text   ┌───────┬───────┬─ ─ ─┬──────────────┐
//     │ token │ token │     │ end or byte 0│
//     └───────┴───────┴─ ─ ─┴──────────────┘
package cjson
