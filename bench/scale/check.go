package main

import (
	"fmt"
	"strings"
	"time"
)

// The cross-check: the smallest network with a process for each node, over loopback,
// beside the same in the simulator. What is compared is what doesn't depend on times.

const (
	checkSlaves  = 10
	checkGlobals = 3
)

// A comparison is one figure of both.
type comparison struct {
	What            string
	Simulated, Real float64
}

// off is the difference in percent of the real figure.
func (c comparison) off() float64 { return 100 * (c.Simulated - c.Real) / c.Real }

type comparisons []comparison

func (all comparisons) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d slaves and %d global nodes, simulated and as processes:", checkSlaves, checkGlobals)
	for _, c := range all {
		fmt.Fprintf(&b, "\n  %-40s %9.1f %9.1f %+5.1f %%", c.What, c.Simulated, c.Real, c.off())
	}
	return b.String()
}

// tolerance is how far a figure may be off, in percent.
const tolerance = 20

func crossCheck() (comparisons, error) {
	m := measurement{Slaves: checkSlaves, Globals: checkGlobals, Seeds: min(*seedCount, checkGlobals), RestFor: 20 * time.Second, Changes: 1}
	simulated, err := measure(m, logger())
	if err != nil {
		return nil, err
	}
	join, rest, err := runProcesses(m)
	if err != nil {
		return nil, err
	}
	s := simulated
	all := comparisons{
		{"joining: messages of a slave", s.Join.Slave.Messages, join.Slave.Messages},
		{"joining: octets of a slave", s.Join.Slave.Octets, join.Slave.Octets},
		{"joining: messages of a global node", s.Join.Global.Messages, join.Global.Messages},
		{"a minute at rest: heartbeats of a slave", s.Rest.Slave.Heartbeats, rest.Slave.Heartbeats},
		{"a minute at rest: octets of a slave", s.Rest.Slave.Octets, rest.Slave.Octets},
		{"a minute at rest: octets of a global node", s.Rest.Global.Octets, rest.Global.Octets},
	}
	for _, c := range all {
		if off := c.off(); off > tolerance || off < -tolerance {
			err = fmt.Errorf("%s: simulated %.1f, real %.1f", c.What, c.Simulated, c.Real)
		}
	}
	return all, err
}

func runProcesses(m measurement) (join, rest traffic, err error) {
	c, err := assemble(m.Globals, m.Slaves, m.Seeds)
	if err != nil {
		return join, rest, err
	}
	defer c.end()
	if err := c.start(c.globals); err != nil {
		return join, rest, err
	}
	err = c.until("the global nodes know each other", c.globals, func(_ string, links, _ int) bool {
		return links == m.Globals-1
	})
	if err != nil {
		return join, rest, err
	}
	time.Sleep(settling)
	if join, err = c.join(m); err != nil {
		return join, rest, err
	}
	time.Sleep(5 * time.Second)
	before, err := c.read()
	if err != nil {
		return join, rest, err
	}
	time.Sleep(m.RestFor)
	rest, err = c.since(before)
	return join, rest.times(float64(time.Minute) / float64(m.RestFor)), err
}

// join starts the slaves' nodes and waits until all have joined.
func (c *company) join(m measurement) (traffic, error) {
	// The slaves have no meters yet: they begin at zero.
	before := reading{}
	for _, p := range c.globals {
		var t tally
		if err := p.ask("meters", &t.Messages, &t.Heartbeats, &t.Octets); err != nil {
			return traffic{}, err
		}
		before.globals = before.globals.plus(t)
	}
	if err := c.start(c.slaves); err != nil {
		return traffic{}, err
	}
	err := c.until("all have joined", c.slaves, func(master string, links, _ int) bool {
		return master != "" && links == m.Seeds
	})
	if err != nil {
		return traffic{}, err
	}
	err = c.until("all are known", c.globals, func(_ string, _, members int) bool { return members == m.Slaves })
	if err != nil {
		return traffic{}, err
	}
	return c.since(before)
}
