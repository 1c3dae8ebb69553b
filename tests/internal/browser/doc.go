// Package browser drives a real browser, Debian's chromium without a window, over the
// DevTools protocol, and notes what a page should not do: errors on its console, and
// requests to other hosts.
package browser
