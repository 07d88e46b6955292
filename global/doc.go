// Package global is the distributed database: families of keys, each of which some
// living node holds, seen by all (protocol 6).
//
// A node sets keys in its own part of the database, and they are gone when it is. It has
// a master, one of the global nodes, which keeps the whole; or it is global itself.
// What it reads and watches is what its master believes.
//
// # Parts
//
// [Local] is the node's own part. Programs change it from any goroutine without
// waiting; what changed is taken from it in batches and published.
//
// The machine is everything that is said between nodes, as slave and as global node,
// without I/O: it takes events and returns actions. Package merge is the store of
// a global node.
//
// [DB] is what programs use. It runs the machine on the node's loop, lets queries
// wait for their answers, and shows each watcher the differences from what that
// watcher saw before, whatever happened to masters in between.
package global
