// Package looptest says what an event loop has to do, as tests that any
// implementation of the loop interfaces must pass. Package reactor passes them on
// real sockets, package sim in virtual time, so what is written against the
// interfaces finds the same behaviour in both.
//
// An implementation's test hands its world over as a Net and calls Run:
//
//	func TestReactorIsALoop(t *testing.T) {
//		looptest.Run(t, func(t *testing.T) looptest.Net { return newNet(t) })
//	}
//
// Each case is a sentence about behaviour. Those about connections run several
// times: with both ends on one loop, on two loops of a group, in two groups, and
// over TLS.
//
// Beside what a case is about, every callback is checked: that it runs on its
// loop, not beside or inside another one, that Open comes first and Closed last
// and once, that nothing but Closed follows a Close, and that no panic happened.
package looptest
