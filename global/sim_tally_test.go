package global

import (
	"fmt"
	"reflect"
	"strings"
)

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

// simCounts lists the fields of a struct of counters.
func simCounts(x any) string {
	v := reflect.ValueOf(x)
	var all []string
	for i := range v.NumField() {
		all = append(all, fmt.Sprintf("%s %d", v.Type().Field(i).Name, v.Field(i).Int()))
	}
	return strings.Join(all, ", ")
}

// simAdd adds the counters of y to those of x, which is a pointer to such a struct.
func simAdd(x, y any) {
	v, w := reflect.ValueOf(x).Elem(), reflect.ValueOf(y)
	for i := range v.NumField() {
		v.Field(i).SetInt(v.Field(i).Int() + w.Field(i).Int())
	}
}
