// Package peers has the other systems that the benchmark measures: a child program for each
// in a folder of its own, which says at its top how the system is configured and why. They
// are a module of their own, so that the rest of the benchmark builds without them.
//
// What they share: package message is what those carry that want protocol buffers or plain
// octets, window keeps floods within the queues of those that have no flow control, turns
// has floods from handlers, and secure has TLS.
package peers
