package aemp

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
	"github.com/aemp-go/aemp/seeds"
)

// A Node is the program's place in the network. All methods may be called from any
// goroutine; a handler uses its Context.
type Node struct {
	core   *kernel.Node
	db     *global.DB
	loops  []loop.Loop
	group  loop.Group // nil: shared, not ours to close
	keeper *seeds.Keeper
	kept   *seeds.KeepSet
	seeds  seedWatch
	addrs  []netip.AddrPort
	told   []netip.AddrPort // announced
}

// Start makes a node as c and the configuration file say (see Config.Effective),
// listens at its binds and begins to connect to its seeds. Errors are a *ConfigError,
// the file's, or a *BindError; seeds that aren't there yet are no error.
func Start(c Config) (*Node, error) {
	e, warnings, err := c.Effective()
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		e.Logger.Warn("configuration", "reason", w.Error())
	}
	g, err := reactor.Start(reactor.Options{Loops: e.Loops, Logger: e.Logger})
	if err != nil {
		return nil, err
	}
	n, err := startOn(g, &e)
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	n.group = g
	return n, nil
}

// StartOn is Start on event loops that are there already, so that many nodes of one
// program can share them. The loops stay when the node is closed. Config.Loops
// doesn't count.
func StartOn(g loop.Group, c Config) (*Node, error) {
	e, warnings, err := c.Effective()
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		e.Logger.Warn("configuration", "reason", w.Error())
	}
	return startOn(g, &e)
}

// startOn puts the parts together. e is effective.
func startOn(g loop.Group, e *Config) (*Node, error) {
	o, err := e.options(g.Loops()[0])
	if err != nil {
		return nil, err
	}
	core, err := kernel.New(g, o)
	if err != nil {
		return nil, err
	}
	if e.Secret == "" && e.Cert == "" {
		core.Logger().Warn("no secret and no certificate", "node", core.ID(), "reason", "no other node can be connected")
	}
	kept := seeds.NewKeepSet(network{core}, e.MonitorTimeout)
	core.Loop().Post(loop.Func(kept.Start))
	n := &Node{
		core:  core,
		loops: g.Loops(),
		db:    global.New(core, global.Options{Global: e.Global, Quotas: e.Quotas, Keeper: kept}),
		kept:  kept,
	}
	if !e.Secure {
		n.answerQuestions()
	}
	err = n.listen(e)
	if err == nil {
		err = n.announce(e)
	}
	if err == nil {
		err = n.seek(e)
	}
	if err != nil {
		n.db.Close()
		return nil, errors.Join(err, core.Close(context.Background()))
	}
	return n, nil
}

// options translates the configuration for the kernel.
func (c *Config) options(l loop.Loop) (o kernel.Options, err error) {
	host, err := os.Hostname()
	if err != nil {
		return o, wrong("Node", c.Node, err)
	}
	var random [12]byte
	l.Random(random[:])
	o.Links.Node, err = kernel.ExpandNodeID(c.Node, host, kernel.Unique(random[:]))
	if err != nil {
		return o, wrong("Node", c.Node, err)
	}
	if o.Links.Secret, err = secretOctets(c.Secret); err != nil {
		return o, wrong("Secret", "", err)
	}
	if c.Cert != "" {
		if o.Links.Identity, err = loop.NewIdentity([]byte(c.Cert)); err != nil {
			return o, wrong("Cert", "", err)
		}
	}
	o.Links.Extensions = true
	o.Links.AllowClear = c.AllowClear
	o.Links.AuthOffer, o.Links.AuthAccept = c.AuthOffer, c.AuthAccept
	for _, name := range c.Framings {
		f, _ := codec.ParseFraming(name)
		o.Links.Framings = append(o.Links.Framings, f)
	}
	o.MonitorTimeout, o.ConnectInterval = c.MonitorTimeout, c.ConnectInterval
	o.Secure = c.Secure
	o.Logger = c.logger()
	return o, nil
}

// listen opens the listeners and waits until they are.
func (n *Node) listen(c *Config) error {
	binds, err := kernel.ParseBinds(c.Binds)
	if err != nil {
		return err
	}
	type result struct {
		addrs []netip.AddrPort
		err   error
	}
	done := make(chan result, 1)
	l := n.core.Loop()
	l.Post(loop.Func(func() {
		kernel.ResolveBinds(l, binds, func(addrs []netip.AddrPort, err error) {
			if err != nil {
				done <- result{nil, err}
				return
			}
			n.core.Listen(addrs, func(addrs []netip.AddrPort, err error) { done <- result{addrs, err} })
		})
	}))
	r := <-done
	n.addrs = r.addrs
	return r.err
}

// seek starts to find the seeds.
func (n *Node) seek(c *Config) error {
	list, sources, err := c.seeds()
	if err != nil {
		return err
	}
	n.keeper = seeds.NewKeeper(network{n.core}, seeds.Options{
		Seeds:          list,
		Sources:        sources,
		MonitorTimeout: c.MonitorTimeout,
		Observer:       n.db,
		Report:         n.seeds.report,
		Logger:         n.core.Logger().With("node", n.core.ID()),
	})
	n.core.Loop().Post(loop.Func(n.keeper.Start))
	return nil
}

// network is what the seeds need of the kernel.
type network struct{ *kernel.Node }

func (n network) WatchNodes(changed func(node string, up bool)) { n.Node.WatchNodes(changed) }

func (n network) DialSeed(addr netip.AddrPort, done func(node string, err error)) (cancel func()) {
	return n.Node.DialSeed(addr, func(node string, err error) {
		if errors.Is(err, kernel.ErrSelf) {
			err = seeds.ErrSelf
		}
		done(node, err)
	})
}

// Close ends the node in good order: it takes no more work, sends what is queued as
// far as ctx allows, and closes its links, whose other ends see it at once. Handlers
// don't run any more when it returns. What could not be sent is in an *UnflushedError.
// The second call returns ErrClosed, one in a handler ErrWouldBlock.
func (n *Node) Close(ctx context.Context) error {
	if n.core.Inside() {
		return ErrWouldBlock
	}
	n.core.Loop().Post(loop.Func(n.keeper.Close))
	n.core.Loop().Post(loop.Func(n.kept.Close))
	n.db.Close()
	err := n.core.Close(ctx)
	if errors.Is(err, ErrClosed) || n.group == nil {
		return err
	}
	return errors.Join(err, n.group.Close())
}

// ID is the node's ID, as expanded. Used as a port ID it means the node's own port, which
// answers requests: Call(ctx, id, "time").
func (n *Node) ID() string { return n.core.ID() }

// Addresses is where the node listens, with the real ports.
func (n *Node) Addresses() []netip.AddrPort { return n.addrs }

// NewPort makes a port. Set its handlers before you give its ID away: a message
// that it has no handler for kills it, with the reason unhandled_message. The error is
// ErrClosed, or that there are too many ports.
func (n *Node) NewPort() (*Port, error) { return n.core.NewPort() }

// NewNamedPort makes a port whose name the program chooses, so that its ID, NODE#NAME,
// needn't be told to anybody. A name that is in use is refused with an *IDError.
func (n *Node) NewNamedPort(name string) (*Port, error) { return n.core.NewNamedPort(name) }

// NewMailbox makes a port without handlers: its messages wait for Port.Receive.
func (n *Node) NewMailbox() (*Port, error) { return n.core.NewMailbox() }

// Send sends a message to a port ID. It waits while the queue to the receiver is above
// its high-water mark; in a handler, which uses its Context instead, that is
// ErrWouldBlock. It succeeds once the message is accepted: what becomes of it
// afterwards monitors tell. Other errors: a *ValueError or *LimitError of a value that
// can't be sent, an *IDError, ErrClosed. Nothing of args is kept.
func (n *Node) Send(to string, args ...any) error { return n.core.Send(to, args...) }

// SendContext is Send that waits no longer than ctx allows; then the error is ctx's.
func (n *Node) SendContext(ctx context.Context, to string, args ...any) error {
	return n.core.SendContext(ctx, to, args...)
}

// TrySend is Send that returns ErrFull instead of waiting.
func (n *Node) TrySend(to string, args ...any) error { return n.core.TrySend(to, args...) }

// SendMsg sends a message of a generated type: a tuple (//msgp:tuple) is the whole
// argument list, anything else the only argument. It waits like Send.
func (n *Node) SendMsg(to string, m msgp.Marshaler) error { return n.core.SendMsg(to, m) }

// SendTagged is SendMsg with a tag in front: the tag's handler decodes the rest.
func (n *Node) SendTagged(to, tag string, m msgp.Marshaler) error {
	return n.core.SendTagged(to, tag, m)
}

// Forward sends a message on as it is, and waits like Send. It copies m.
func (n *Node) Forward(to string, m Message) error { return n.core.Forward(to, m) }

// Call sends a message with the ID of a fresh port as its last argument, and returns
// the first message that comes to that port. If the called port dies first the
// error is a *ReasonError; at ctx's deadline it is ErrTimeout; if ctx is canceled, its
// error; in a handler ErrWouldBlock. The message is the caller's to keep, and the only
// thing that is allocated; see NewCaller.
//
// While it waits, the goroutine may run handlers of this node, for some milliseconds at most
// if they don't block. So don't call with a lock held that a handler takes, or from a thread of
// the operating system's that isn't like others.
func (n *Node) Call(ctx context.Context, to string, args ...any) (Message, error) {
	return n.core.Call(ctx, to, args...)
}

// NewCaller makes a Caller: for a goroutine that calls again and again and is done with an
// answer before it calls next. The same holds as for Call.
func (n *Node) NewCaller() *Caller { return n.core.NewCaller() }

// Kill ends a port, here or elsewhere. Without a reason it is a normal death. A port
// that doesn't exist is no error, the node's own port is an *IDError.
func (n *Node) Kill(port string, reason ...any) error { return n.core.Kill(port, reason...) }

// Monitor calls f, on a loop, when the port dies or the way to it is lost; with a node
// ID, when the link to that node is lost or can't be made. It fires once; of a port
// that doesn't exist at once. f must not block. The error is an *IDError or ErrClosed.
func (n *Node) Monitor(target string, f func(self *Context, r Reason)) (*Monitor, error) {
	return n.core.Monitor(target, f)
}

// MonitorKill kills the local port p with the same reason when the target dies, unless
// that is a normal death.
func (n *Node) MonitorKill(target string, p *Port) (*Monitor, error) {
	return n.core.MonitorKill(target, p)
}

// MonitorSend sends args, followed by the reason's values, to a port when the target dies.
func (n *Node) MonitorSend(target, to string, args ...any) (*Monitor, error) {
	return n.core.MonitorSend(target, to, args...)
}

// Guard closes c once, on a loop, when the target dies. An error of Close is logged.
func (n *Node) Guard(target string, c io.Closer) (*Monitor, error) { return n.core.Guard(target, c) }

// Register makes a function known by a name such as "calc::init", so that ports can
// be spawned with it, and nodes call it as a request, in the context of no port. A
// nil function removes the name. In Perl it is Pkg::func.
func (n *Node) Register(name string, f Handler) { n.core.Register(name, f) }

// Spawn makes a port on a node, here or elsewhere, and calls the function registered
// there with args in the new port's context. The port's ID comes back at once:
// it can be sent to and monitored; a failure kills it with the real reason.
func (n *Node) Spawn(node, function string, args ...any) (port string, err error) {
	return n.core.Spawn(node, function, args...)
}

// Do runs f on a loop, in the context of no port. It doesn't wait for f.
func (n *Node) Do(f func(self *Context)) error { return n.core.Do(f) }

// WatchNodes calls f, on a loop, for each node that is connected, and then whenever
// a link comes up or is lost; after a loss, once all monitors have fired. f must not
// block. After cancel a call that is under way may still come.
func (n *Node) WatchNodes(f func(node string, up bool)) (cancel func()) { return n.core.WatchNodes(f) }

// UpNodes lists the nodes with which there is a link, sorted.
func (n *Node) UpNodes() []string { return n.core.UpNodes() }

// NodeIsUp says whether there is a link with the node; a node is always up for itself.
func (n *Node) NodeIsUp(node string) bool { return n.core.NodeIsUp(node) }

// WaitNode waits until there is a link with the node, or returns ctx's error. It
// doesn't try to connect: seeds are connected anyway. In a handler it returns
// ErrWouldBlock.
func (n *Node) WaitNode(ctx context.Context, node string) error {
	switch {
	case node == n.ID():
		return nil
	case slices.ContainsFunc(n.loops, loop.Loop.Inside):
		return ErrWouldBlock
	}
	up := make(chan struct{}, 1)
	cancel := n.WatchNodes(func(id string, isUp bool) {
		if id == node && isUp {
			select {
			case up <- struct{}{}:
			default:
			}
		}
	})
	defer cancel()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats says what the node is doing. It asks every loop, so it may take a moment; in a
// handler it leaves out what only the loops know.
func (n *Node) Stats() Stats { return n.core.Stats() }
