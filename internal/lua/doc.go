// Package lua is Kring's Lua 5.1: a compiler to a register machine, the machine, and the
// libraries base, string, table, math and coroutine as far as Redis offers them to
// scripts. It behaves as PUC Lua 5.1.5 does, to the byte of its error messages and to the
// order in which tables are walked; it knows nothing of a server.
//
// # Terms
//
//   - Proto: a compiled function: instructions, constants, line numbers. It never changes;
//     States in many goroutines may run the same one.
//   - State: a machine: globals, account, budget. One goroutine at a time uses it.
//   - Thread: a coroutine, a stack of values and one of frames. Each State has a main one.
//   - frame: an active call. Its registers are a window of the stack.
//   - upvalue: a local variable that an inner function uses. While it is on the stack the
//     upvalue points there; when its frame or block ends it is closed: moved out.
//   - metamethod, handler: the function that a metatable has for an event.
//   - budget: steps until the State's hook is called, which may end the script.
//   - account: the bytes that a script's values take, and their limit.
//   - scratch: memory of a fixed size that one run after the other uses from its beginning, in a
//     State of which nothing outlives a run (State.Transient).
//
// # Values
//
//	Value   ┌──────────────────┬──────────────────┐
//	        │ p        pointer │ n        64 bits │
//	        └──────────────────┴──────────────────┘
//	n <= tagMax   the tag of a type, and p its object, if it has one
//	n >  tagMax   a number: the bits of the double, all inverted
//
// Inverted, the doubles that would look like tags are NaNs that no processor makes;
// NumberOfBits keeps those from outside out. The zero Value is nil. A number's p means
// nothing and may point to what was in that place before, so arithmetic writes 8 bytes and
// no pointer. Places that live long (fields of tables) are cleaned of such pointers.
//
//	String  ┌───────┬──────────┬───────────────── ─ ─
//	        │ n   4 │ hash   4 │ bytes
//	        └───────┴──────────┴───────────────── ─ ─
//	one block without pointers; the hash is computed when it is first needed
//
//	Table   arr    [ t[1] t[2] ... ]            the array part
//	        nodes  [ value key next ] x 2^k     chained by distances, Brent's variation
//
// # Stack
//
//	      fn    base                     top
//	───┬──────┬──────┬──────┬─ ─ ─┬──────┬──────
//	   │ func │ R[0] │ R[1] │     │ R[m] │
//	───┴──────┴──────┴──────┴─ ─ ─┴──────┴──────
//	base = fn+1; for functions with "...", base comes behind all arguments. The stack is
//	at least 256 longer than any frame's base: registers are a *[256]Value, whose indices of
//	8 bits need no check.
//
//	instruction   63            32 31   24 23   16 15    8 7     0
//	             ┌────────────────┬───────┬───────┬───────┬───────┐
//	             │ d              │ c     │ b     │ a     │ op    │
//	             └────────────────┴───────┴───────┴───────┴───────┘
//
// # Errors
//
// An error leaves Go functions and the machine as a panic with an *Error, which pcall,
// coroutines and Run recover. A script that is being stopped (State.Stop, the hook) leaves
// with another panic, which only Run recovers.
//
// # Invariants
//
//  1. What a script does costs budget in proportion: turns of loops, calls, and in library
//     functions the bytes that they go through. So the hook is called at least every few
//     milliseconds, whatever runs.
//  2. What a script keeps is charged to the account before it is allocated, unless it lies in the
//     scratch.
//  3. Depth is bounded: 20,000 frames, 200 calls that pass through Go, 200 levels of
//     syntax, 20,000 items of a pattern. The stack of Go never overflows.
//  4. A key that is in a table stays where it is until a new key is stored: assigning to
//     fields, also nil, during a walk with next is safe.
//  5. Strings are never changed. The strings of a Proto have their hash before it is shared.
//  6. Nothing from one State is used in another, but Protos and interned strings.
package lua
