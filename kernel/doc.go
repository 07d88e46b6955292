// Package kernel is a node: its ports, what they send and watch, and its peers, the
// other nodes that it talks with. It finds nobody on its own: addresses come from
// DialSeed, SetAddresses, and those who connect.
//
// # Shards
//
// A [Node] has a shard on each loop of its group. Each [Port] and each peer belongs
// to one shard, and only its loop touches it, so that there is no lock around it.
// Whoever is elsewhere, on another loop or on a goroutine, puts what he wants into
// the shard's inbox, which is worked off in order. What a handler sends to its own
// loop goes to the end of the run queue, and is worked off in the same turn.
//
// A handler acts through its [Context], and nothing that it does waits. A goroutine
// acts through the Node, where Send waits for room and Call for an answer. What
// waits is a thin wrapper over what doesn't: TrySend with WhenRoom, StartClose,
// Monitor. Those are what the simulator's modelled goroutines use.
//
// # Peers
//
// Everything for one other node is in its peer: an outbox (package link), in which
// messages queue, the connections with it, of which one is the link, an attempt to
// connect to its addresses, and the monitors of both sides. When a link is lost, or
// an attempt fails, all monitors fire before anything more can arrive: barrier.go.
//
// # Reading order
//
// node.go, port.go, context.go, send.go; shard.go, inbox.go, hold.go, queue.go, route.go, table.go;
// monitor.go, call.go, calls.go, callees.go, spawn.go, mailbox.go; peer.go, conn.go, attempt.go,
// connect.go, watch.go, barrier.go, request.go; database.go and callback.go for what keeps
// the database; room.go and feed.go for back-pressure; address.go, listen.go and event.go; dataconn.go, dataopen.go,
// dataawait.go, datalisten.go, datalink.go and datahere.go for raw connections, of which package
// dataconn decides; close.go, stats.go, report.go and
// limits.go. What is there for tests only serves the simulation, which is the main
// test.
package kernel
