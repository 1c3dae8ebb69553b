package netio

import "errors"

var (
	// ErrNoPoller is what NewGroup returns on a platform without a Poller.
	ErrNoPoller = errors.New("netio: no poller on this platform")

	// ErrGroupClosed is what Listen returns after Group.Close, and what
	// Session.Closed gets when Group.Close ended the connection.
	ErrGroupClosed = errors.New("netio: the group is closed")
)
