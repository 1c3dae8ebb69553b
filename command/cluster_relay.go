package command

// ClusterRelay is a node of a cluster as one that hands messages on to others. Its methods but Links and Greet may be called
// by any goroutine, under any lock.
type ClusterRelay interface {
	// Publish hands a message on to the other nodes that are to have it: all of the cluster, of a shard channel those of this
	// node's shard. It does not wait for them, and does not keep channel and text.
	Publish(kind SubKind, channel, text []byte)
	// Heard counts a message that another node has handed on.
	Heard(kind SubKind)
	// Greet notes that the caller's connection is another node's, and replies.
	Greet(c *Ctx, node string)
	// Links replies what CLUSTER LINKS does.
	Links(c *Ctx)
}

// relay is CLUSTER RELAY, by which a node hands on what its clients have published. What comes so goes no further.
func relay(h ClusterHost, c *Ctx) {
	verb := c.Args[2]
	kind := SubChannel
	switch {
	case equalFold(verb, "from") && len(c.Args) == 4:
		h.Relay().Greet(c, string(c.Args[3]))
		return
	case equalFold(verb, "publish") && len(c.Args) == 5:
	case equalFold(verb, "spublish") && len(c.Args) == 5:
		kind = SubShard
	default:
		c.W.Error(ErrSyntax)
		return
	}
	h.Relay().Heard(kind)
	heard := c.Host.PubSub.Deliver(c, kind, c.Args[3], c.Args[4])
	c.W.Int(int64(heard))
	c.Quick = heard <= quickListeners
}
