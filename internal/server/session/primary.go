package session

import (
	"slices"
	"strconv"

	"github.com/kringdb/kring/command"
)

// This file is the connection to the primary that the server follows as clients see it: one of them.

// Primary is that connection.
type Primary struct {
	ID              int64
	Addr, LocalAddr string
	AgeSecs         int64
	IdleSecs        int64 // since something has come
	DB              int   // that the stream has selected
	Unread, Buffer  int   // bytes that have come and are not executed, and that fit
}

// Link knows it.
type Link interface {
	// Primary returns it; ok is false if no stream is followed.
	Primary() (p Primary, ok bool)
	// HangUp closes it, if it is still the one with this id.
	HangUp(id int64) bool
}

// matches tells whether a filter of CLIENT LIST or CLIENT KILL selects it. It has no user.
func (p *Primary) matches(f *command.ClientFilter) bool {
	return (len(f.IDs) == 0 || slices.Contains(f.IDs, p.ID)) && (f.Addr == nil || *f.Addr == p.Addr) && (f.LocalAddr == nil || *f.LocalAddr == p.LocalAddr) &&
		f.User == "" && (f.Type == "" || f.Type == "master") && f.MaxAgeSecs <= p.AgeSecs
}

// appendInfo appends its line of CLIENT LIST.
func (p *Primary) appendInfo(dst []byte) []byte {
	num := func(name string, n int64) {
		dst = append(dst, name...)
		dst = strconv.AppendInt(dst, n, 10)
	}
	str := func(name, v string) {
		dst = append(dst, name...)
		dst = append(dst, v...)
	}
	num("id=", p.ID)
	str(" addr=", p.Addr)
	str(" laddr=", p.LocalAddr)
	str(" fd=-1 name=", "") // the runtime's poller has its descriptor
	num(" age=", p.AgeSecs)
	num(" idle=", p.IdleSecs)
	num(" flags=M db=", int64(p.DB))
	num(" sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=", int64(p.Unread))
	num(" qbuf-free=", int64(p.Buffer-p.Unread))
	num(" argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=", int64(p.Buffer))
	str(" events=r cmd=NULL user=(superuser) redir=-1 resp=2 lib-name= lib-ver=", "")
	return dst
}
