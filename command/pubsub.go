package command

import "github.com/kringdb/kring/resp"

// SubKind is what a client can subscribe to.
type SubKind uint8

const (
	SubChannel SubKind = iota
	SubPattern
	SubShard
	SubKinds int = iota
)

// subWords are the names of the messages about each kind.
var subWords = [SubKinds]struct{ on, off string }{
	{"subscribe", "unsubscribe"}, {"psubscribe", "punsubscribe"}, {"ssubscribe", "sunsubscribe"},
}

const pubsubFlags = PubSub | NoScript | Loading | Stale

// channelArgs says that all arguments are channels, or patterns.
func channelArgs(patterns bool) func(resp.Args) (int, int, bool) {
	return func(args resp.Args) (first, last int, literal bool) { return 1, len(args) - 1, patterns }
}

// oneChannel says that the first argument is a channel.
func oneChannel(resp.Args) (first, last int, literal bool) { return 1, 1, false }

var shardChannelKeys = []KeySpec{KeyRange(1, -1, 1, KeyNotKey)}

var pubsubSpecs = []*Spec{
	{
		Name: "subscribe", Arity: -2, Flags: pubsubFlags | WhileSubscribed, Group: GroupPubSub, Channels: channelArgs(false),
		Handler: func(c *Ctx) { subscribe(c, SubChannel) }, Since: "2.0.0", Complexity: "O(N) where N is the number of channels",
		Summary: "Begins to listen to channels.", Syntax: "channel:string...",
	},
	{
		Name: "unsubscribe", Arity: -1, Flags: pubsubFlags | WhileSubscribed, Group: GroupPubSub,
		Handler: func(c *Ctx) { unsubscribe(c, SubChannel) }, Since: "2.0.0", Complexity: "O(N) where N is the number of channels",
		Summary: "Stops to listen to channels, or to all.", Syntax: "[channel:string...]",
	},
	{
		Name: "psubscribe", Arity: -2, Flags: pubsubFlags | WhileSubscribed, Group: GroupPubSub, Channels: channelArgs(true),
		Handler: func(c *Ctx) { subscribe(c, SubPattern) }, Since: "2.0.0", Complexity: "O(N) where N is the number of patterns",
		Summary: "Begins to listen to the channels whose names match patterns.", Syntax: "(pattern:pattern)...",
	},
	{
		Name: "punsubscribe", Arity: -1, Flags: pubsubFlags | WhileSubscribed, Group: GroupPubSub,
		Handler: func(c *Ctx) { unsubscribe(c, SubPattern) }, Since: "2.0.0", Complexity: "O(N) where N is the number of patterns",
		Summary: "Stops to listen to patterns, or to all.", Syntax: "[pattern:pattern...]",
	},
	{
		Name: "ssubscribe", Arity: -2, Flags: pubsubFlags | WhileSubscribed, Group: GroupPubSub, Channels: channelArgs(false), Keys: shardChannelKeys,
		Handler: func(c *Ctx) { subscribe(c, SubShard) }, Since: "7.0.0", Complexity: "O(N) where N is the number of shard channels",
		Summary: "Begins to listen to shard channels.", Syntax: "shardchannel:string...",
	},
	{
		Name: "sunsubscribe", Arity: -1, Flags: pubsubFlags | WhileSubscribed, Group: GroupPubSub, Keys: shardChannelKeys,
		Handler: func(c *Ctx) { unsubscribe(c, SubShard) }, Since: "7.0.0", Complexity: "O(N) where N is the number of shard channels",
		Summary: "Stops to listen to shard channels, or to all.", Syntax: "[shardchannel:string...]",
	},
	{
		Name: "publish", Arity: 3, Flags: PubSub | Loading | Stale | Fast | MayReplicate, Group: GroupPubSub, Channels: oneChannel,
		Handler: func(c *Ctx) { publish(c, SubChannel) }, Since: "2.0.0", Complexity: "O(N+M) where N is the number of listeners to the channel and M is the number of patterns in use",
		Summary: "Sends a message to all who listen to a channel.", Syntax: "channel:string message:string",
	},
	{
		Name: "spublish", Arity: 3, Flags: PubSub | Loading | Stale | Fast | MayReplicate, Group: GroupPubSub, Channels: oneChannel,
		Keys:    []KeySpec{KeyAt(1, KeyNotKey)},
		Handler: func(c *Ctx) { publish(c, SubShard) }, Since: "7.0.0", Complexity: "O(N) where N is the number of listeners to the channel",
		Summary: "Sends a message to all who listen to a shard channel.", Syntax: "shardchannel:string message:string",
	},
	{
		Name: "pubsub", Arity: -2, Group: GroupPubSub, Since: "2.8.0", Complexity: "Depends on subcommand.", Summary: "Commands about channels.",
		Subs: []*Spec{
			{
				Name: "channels", Arity: -2, Flags: PubSub | Loading | Stale, Group: GroupPubSub,
				Handler: func(c *Ctx) { channels(c, SubChannel) }, Since: "2.8.0", Complexity: "O(N) where N is the number of channels in use",
				Summary: "Lists the channels that somebody listens to.", Syntax: "[pattern:pattern]",
			},
			{
				Name: "numpat", Arity: 2, Flags: PubSub | Loading | Stale, Group: GroupPubSub,
				Handler: func(c *Ctx) { c.W.Int(int64(c.Host.PubSub.CountChannels(SubPattern))) },
				Since:   "2.8.0", Complexity: "O(1)", Summary: "Counts the patterns in use.",
			},
			{
				Name: "numsub", Arity: -2, Flags: PubSub | Loading | Stale, Group: GroupPubSub,
				Handler: func(c *Ctx) { listeners(c, SubChannel) }, Since: "2.8.0", Complexity: "O(N) where N is the number of channels asked for",
				Summary: "Counts who listens to channels.", Syntax: "[channel:string...]",
			},
			{
				Name: "shardchannels", Arity: -2, Flags: PubSub | Loading | Stale, Group: GroupPubSub,
				Handler: func(c *Ctx) { channels(c, SubShard) }, Since: "7.0.0", Complexity: "O(N) where N is the number of shard channels in use",
				Summary: "Lists the shard channels that somebody listens to.", Syntax: "[pattern:pattern]",
			},
			{
				Name: "shardnumsub", Arity: -2, Flags: PubSub | Loading | Stale, Group: GroupPubSub,
				Handler: func(c *Ctx) { listeners(c, SubShard) }, Since: "7.0.0", Complexity: "O(N) where N is the number of shard channels asked for",
				Summary: "Counts who listens to shard channels.", Syntax: "[shardchannel:string...]",
			},
			helpSpec(GroupPubSub, "6.2.0"),
		},
	},
}

// countFor is the number that confirms a change of kind: shard channels count alone.
func countFor(c *Ctx, kind SubKind) int64 {
	if kind == SubShard {
		return int64(c.Client.Subscriptions(SubShard))
	}
	return int64(c.Client.Subscriptions(SubChannel) + c.Client.Subscriptions(SubPattern))
}

func subscribe(c *Ctx, kind SubKind) {
	if kind == SubShard && !c.CanWait { // within EXEC, where Redis lets the other two
		c.W.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
		return
	}
	c.Client.Pushing(true)
	defer c.Client.Pushing(false)
	for _, name := range c.Args[1:] {
		c.Client.Subscribe(kind, name)
		confirm(c, kind, subWords[kind].on, name)
	}
}

func unsubscribe(c *Ctx, kind SubKind) {
	c.Client.Pushing(true)
	defer c.Client.Pushing(false)
	names := [][]byte(c.Args[1:])
	if len(names) == 0 {
		names = c.Client.Subscribed(kind)
		if len(names) == 0 {
			c.W.Push(3)
			c.W.BulkString(subWords[kind].off)
			c.W.Null()
			c.W.Int(countFor(c, kind))
			return
		}
	}
	for _, name := range names {
		c.Client.Unsubscribe(kind, name)
		confirm(c, kind, subWords[kind].off, name)
	}
}

func confirm(c *Ctx, kind SubKind, word string, name []byte) {
	c.W.Push(3)
	c.W.BulkString(word)
	c.W.Bulk(name)
	c.W.Int(countFor(c, kind))
}

func channels(c *Ctx, kind SubKind) {
	var pattern []byte
	switch len(c.Args) {
	case 2:
	case 3:
		pattern = c.Args[2]
	default:
		c.W.Error(errSubArity(c))
		return
	}
	names := c.Host.PubSub.Channels(kind, pattern)
	c.W.Array(len(names))
	for _, n := range names {
		c.W.BulkString(n)
	}
}

func listeners(c *Ctx, kind SubKind) {
	c.W.Array(2 * (len(c.Args) - 2))
	for _, name := range c.Args[2:] {
		c.W.Bulk(name)
		c.W.Int(int64(c.Host.PubSub.Listeners(kind, name)))
	}
}

func publish(c *Ctx, kind SubKind) {
	heard := c.Host.PubSub.Publish(c, kind, c.Args[1], c.Args[2])
	c.W.Int(int64(heard))
	c.Quick = heard <= quickListeners
}
