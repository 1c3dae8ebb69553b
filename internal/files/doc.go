// Package files changes small files as a whole: what CONFIG REWRITE, ACL SAVE and the nodes of a
// cluster keep. It has no state.
package files
