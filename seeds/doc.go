// Package seeds finds the network and keeps a node in it: it dials the configured
// seeds, learns which nodes answer there, and dials again whenever one of them
// isn't connected (protocol 6).
//
// # Seeds, addresses, nodes
//
// A seed is a place, "db.example.org:4040". Its name may have several addresses,
// and behind each there may be a node: each is dialled and kept connected. Which
// node that is only its greeting tells, and it may be another one tomorrow. An
// address where this very node answers is dropped; it makes the node global.
//
// # Schedule
//
// Each seed has rounds: dial what isn't connected, ask for the addresses anew and
// dial the new ones. While something is missing the next round comes after
// (1 + rand) × 1.2 s, then with a doubling bound, up to the monitor timeout. When
// all is connected the seed rests. When a node of it goes down a round begins at
// once, but not within 1.2 s of the last.
//
// # Reading order
//
// seed.go reads the configuration, schedule.go is the time of rounds, machine.go
// decides, without I/O or clock, by taking events and returning the actions of
// action.go, and keeper.go carries them out on a loop. The files in testdata tell
// the machine's behaviour as stories.
package seeds
