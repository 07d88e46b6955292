// Package dataconn agrees on raw connections between two nodes (protocol 7), as a
// state machine without I/O. Package kernel carries out what it decides.
//
// # How a connection is made
//
// One node, the initiator, announces the connection under an ID to the other one,
// which then awaits it: "_expect". Behind the announcement it sends something that
// comes back, so that it knows when it has arrived. Then it dials the other node's
// listeners, one more every 2 s. If there are none, or all of them fail, it asks the
// other node to dial: "_connect". The greeting of such a connection has the ID:
//
//	a            b
//	 ─ _expect ─→     Open at a; Await at b
//	 ─── snd ───→
//	 ←── echo ───     Arrived at a, which looks b's addresses up: Found
//	 ══ dial ══→      Accepted at b; on both sides Ready and Verified: Take
//
//	 ─ _connect →     DialBack at b, which looks a's addresses up: Found
//	 ←══ dial ══      Accepted at a
//
// # Which connection it is
//
// Several addresses may lead to several connections, and both sides have to take the
// same one. A side takes a connection when the other one has proved itself on it,
// so one of the two, who decides, keeps its own proof back until then, and sends it on
// one connection only. The acceptor decides: it knows whether it still
// awaits the connection. An original proves itself at once, so against it
// our side decides, whoever has dialled.
//
// An ID is awaited from the node that announced it, and from nobody else.
//
// # Reading order
//
// wire.go reads the two requests, machine.go decides by taking events and
// returning the actions of action.go; errors.go says how it can go wrong. The files
// in testdata tell the machine's behaviour as stories.
package dataconn
