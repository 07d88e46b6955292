package kernel

// tally counts what runs have met, so that one can see that the simulation
// simulates what it is about.
type tally struct {
	Sent, Delivered, Dropped         int
	Full, Overload                   int // refused: for goroutines, for handlers
	Fired, Cancelled, Rewatched      int // monitors
	Kills, Spawns                    int
	Calls, Answers, Timeouts, Broken int
	DataOpened, DataMade, DataFailed int // raw connections
	DataHere, DataBack               int // made within a node; dialled by who awaited them
	DataWhole, DataBroken            int // their directions
	Crashed, Vanished, PowerFailures int // processes
	Closed, Restarts                 int
	Ups, Downs, Failures             int // node events, losses and failed attempts
	Crossings                        int // times that one side had proved itself on two connections
	Struck                           int // a planted fault
	Events                           int // in the history
}
