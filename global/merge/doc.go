// Package merge is the store of a global node: it keeps what each publisher has
// published and merges it into one view, the same one at every global node
// (protocol 6, convergence). It does no I/O, knows no clock but the one that it is
// given the time for, and belongs to one loop.
//
// # Publishers, owners, globals
//
// A publisher is a node whose messages bring entries here: one of this node's
// slaves, this node itself, or another global node. Each has a map of its own,
// family and key to value, which only its own messages change. It is one ordered
// stream, so what was deleted needs no tombstone, and what a node held goes with it
// when it goes down.
//
// An entry has an owner, the node that set it, and a stamp, the owner's hybrid
// logical clock then. Original nodes send neither: such an entry has the stamp 0,
// and whoever publishes it is its owner.
//
// An entry comes by way of a global node: the publisher, if that is one, else this
// one. For all that hold the entry that is the same node.
//
// # Which entry wins
//
// Of the entries of a key that count the greatest wins, by
//
//   - rank: among the locations (family 'l) what a node says about itself is before
//     what another one says about it, a mirror for example
//   - stamp
//   - owner
//   - the global node by way of which it comes
//
// That is the view. What wins among the entries of this node and its slaves only is
// its own: what it publishes to the other globals. If two of its slaves are equal in
// all four, the publisher decides; the other globals see only one of them.
//
// A location always counts. Any other entry counts if it comes the same way as the
// winning location that its owner has given itself, its home, or if there is none:
// so what a node has left behind at its former master is void as soon as the new
// one publishes its location. When a home changes, all entries of that owner are
// judged again.
//
// A publisher that is neither slave nor global is a stranger. Its entries are in
// this node's view. They aren't published, and they make no home: nobody else can see
// them, so they must not decide what others get.
//
// # Why the order of arrival doesn't matter
//
// The rule looks at the maps as they are and at nothing else: not at what was there
// before, nor at when it came. So two stores that hold the same maps have the same
// view. That leaves to be shown that the globals of a mesh come to hold the same as
// far as it matters, although each sees the maps of its own slaves only, and of the
// others just their own:
//
//   - Locations always count, so what a global publishes of them is its slaves'
//     greatest. The greatest of these is the greatest of all: everybody finds the
//     same homes, once the locations have arrived.
//   - Whether an entry counts depends on its owner's home and its way. Both are the
//     same everywhere, so a global leaves out of its own exactly what the others
//     would judge void, and publishes the greatest of what counts.
//   - The greatest of these is again the greatest of all that count anywhere.
//
// The tests compare with a reference that is little more than these sentences.
//
// # Being told
//
// Changes says how view and own differ from when it was last called, however often
// a key changed between. Whoever is told the whole own or view, and from then on
// what Changes says, must be told it while there are no changes to be told.
//
// # Memory
//
// An entry is a record, and a blob with its key and value. Both lie in pages without
// pointers, so the garbage collector has nothing to follow. A key of 20 and a value of
// 8 octets take 81 in all. Publishers, owners and families are ordinary values, which
// go with their last entry. Records are kept for the next entries; a page of blobs is
// given back when it is empty.
//
// # Reading order
//
// stamp.go is the clock. winner.go has the rules, publisher.go and holding.go who has
// what, store.go how entries come and go, view.go, changes.go and pending.go what can
// be learned of them. family.go and ring.go lead from a key to its entries.
// record.go and blob.go are the memory, fault.go has defects for tests.
package merge
