package global

// simTally counts what runs have met, so that one can see that the simulation
// simulates what it is about.
type simTally struct {
	Sets, Refused, Deletes, Registrations, Deaths  int
	NaNs, ToGroups                                 int
	Watches, Shown, Stopped                        int
	Queries, Answers, Timeouts                     int
	Talks, Talked, DataDials, DataConns, DataTalks int
	Masters, Promotions                            int // changes of a node's master, nodes that became global
	Crashed, Vanished, PowerFailures, Closed       int // processes
	Restarts, Splits, Originals, OriginalGlobals   int
	Keys, Loose                                    int // in the end
	Events                                         int // in the history
}
