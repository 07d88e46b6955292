// Package seeds finds the network and keeps a node in it: it dials the configured
// seeds, learns which nodes answer there, and dials again whenever one of them
// isn't connected (protocol 6). It does the same for nodes that are known by their IDs,
// and knows what the node tells others of where it is itself.
//
// # Seeds, addresses, nodes
//
// A seed is a place, "db.example.org:4040". Its name may have several addresses,
// and behind each there may be a node: each is dialled and kept connected. Which
// node that is only its greeting tells, and it may be another one tomorrow. An
// address where this very node answers is dropped; it makes the node global.
//
// # Sources
//
// Which places are seeds may change. A Source tells: SRV asks the name service, File reads
// a file, a program may have another one. It is asked at the start and whenever one of its
// seeds is missing; a Refresher, such as these two, also in between. While it fails its
// last answer counts. What it lists no more isn't dialled any more, but a link that is
// there stays, and counts as a seed's until it ends.
//
// # Schedule
//
// Each seed, and each source, has rounds: dial what isn't connected, ask for the addresses
// anew and dial the new ones. While something is missing the next round comes after a
// pause that is drawn from 0 to 2.4 s, then with a doubling bound, up to the monitor
// timeout. When all is connected it rests. When a node of a seed goes down a round begins
// within 1.2 s, but not within 1.2 s of the last. So a thousand nodes that lose a seed at the
// same moment come back spread over these times.
//
// # Reading order
//
// seed.go and source.go read the configuration, srv.go and file.go are the sources,
// schedule.go is the time of rounds. machine.go decides, without I/O or clock, by taking
// events and returning the actions of action.go; listing.go is its part that has to do with
// sources, target.go with addresses, outage.go says what is wrong. keeper.go and ask.go
// carry the actions out on a loop. keepmachine.go and keepset.go are the same for nodes that
// are known by their IDs. announce.go is on its own. The files in testdata tell the
// machines' behaviour as stories.
package seeds
