// Package clock is the time of the data. It is the real one, unless a program that embeds the
// server brings a Clock, which stands still until that program moves it.
//
// Terms
//
//	wall      the time of the data: by it keys expire
//	real      the time of connections and files, which no Clock moves
//	follower  a server that goes by a Clock
//
// Layout
//
//	Advance, Set ──▶ ms ◀── Wall, NowMs (executors, keeper)
//	       └──▶ CatchUp of every follower, waited for
//
// Invariants
//
//  1. When Advance or Set returns, all followers have done what fell due.
//  2. A nil *Clock is the real time.
package clock
