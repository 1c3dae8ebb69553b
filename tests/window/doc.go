// Package window tests the page of the admin HTTP server in a real browser: what it
// shows, on a wide screen and on a phone, and that it goes on over a restart.
package window
