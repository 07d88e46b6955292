// Package global is the distributed database: families of keys, each of which some
// living node holds, seen by all (protocol 6).
//
// A node sets keys in its own part of the database, and they are gone when it is. It has
// a master, one of the global nodes, which keeps the whole; or it is global itself.
// What it reads and watches is what its master believes, or what it believes as a global
// node. Where several nodes set a key the last one counts, and what lies under it comes
// to light when that is deleted or its node goes down.
//
// # Parts
//
// [Local] is the node's own part. Programs change it from any goroutine without
// waiting; what changed is taken from it in batches and published.
//
// The [Machine] is everything that is said between nodes, as slave and as global node,
// without I/O: it takes events and returns actions. Package merge is the store of
// a global node.
//
// [DB] is what programs use. It runs the machine on the node's first loop, lets queries
// wait for their answers, and shows each watcher the differences from what that
// watcher saw before, whatever happened to masters in between.
//
// # What a watcher is shown
//
// A callback on the node's loop reads the machine's own copy of the family. Whoever is
// elsewhere, in a port on another loop or on a goroutine, has a [feed]: a view of his own,
// and what has changed since he last looked, each key once. So a slow watcher never holds
// anybody up, and what waits for him isn't more than the family and his view of it.
//
// # Order
//
// A key ends with the last value that its node has set; what lies between may never be
// seen, and two keys may be seen changing in either order. Who queries or begins to watch
// comes after what he has set before. There is no order between changes and the messages
// that are sent.
//
// # Reading order
//
// What programs see: db.go, set.go, query.go, watch.go with change.go and feed.go,
// register.go, group.go and pick.go, families.go, status.go; names.go, errors.go and
// limits.go say what is refused. Behind it: local.go with entry.go and take.go.
//
// The machine: action.go, machine.go, wire.go and peer.go; request.go, the messages that
// come in, and gather.go, those that come in parts; slave.go, inquiry.go, watching.go,
// copy.go and find.go, a node that has a master; promote.go, hub.go, meet.go, serve.go,
// whole.go, flush.go and admit.go, one that is a master; debt.go and pump.go, peers that
// are slow; failed.go, peers that can't be told everything; lost.go, global nodes that are
// gone; bounds.go. The files in testdata tell its behaviour as stories.
package global
