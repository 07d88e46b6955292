package global

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// simPort is a port that is registered in the database while it lives.
type simPort struct {
	*kernel.Port
	name string
}

// simWatch is a watcher of a family.
type simWatch struct{ stop func() }

// makePort makes a port that acts on its own.
func (l *simLife) makePort() {
	l.count++
	name := fmt.Sprintf("p%d", l.count)
	port, err := l.n.NewNamedPort(name)
	if errors.Is(err, kernel.ErrClosed) {
		return
	}
	if err != nil {
		panic(err)
	}
	p := &simPort{port, name}
	l.ports = append(l.ports, p)
	l.p.PortMade(name)
	port.OnDefault(func(self *kernel.Context, m codec.Message) { l.received(self, p, m) })
	l.order(p, "act")
}

func (l *simLife) received(self *kernel.Context, p *simPort, m codec.Message) {
	r := m.Args()
	switch r.Text() {
	case "hello":
		l.net.met.Talked++
	case "act":
		l.actIn(self)
	case "watch":
		if ours, ok := l.base.(*simOurs); ok && !l.net.over && !l.closing {
			l.net.met.Watches++
			ours.watchIn(self, p, r.Text())
		}
	case "die":
		l.p.PortDied(p.name)
		delete(l.held[simPorts], p.ID())
		if l.original {
			_ = l.base.remove(simPorts, p.ID()) // what a guard of the program does
		}
		self.Die("enough")
	}
}

// actIn is a port's life.
func (l *simLife) actIn(self *kernel.Context) {
	if l.net.over || l.closing {
		return
	}
	self.After(l.net.exp(l.net.pace), func(self *kernel.Context) {
		if !l.net.over && !l.closing {
			l.actIn(self)
			l.act()
		}
	})
}

// routine is a goroutine's life.
func (l *simLife) routine() {
	l.net.w.After(l.net.exp(l.net.pace), func() {
		if !l.net.over && !l.gone && !l.closing {
			l.routine()
			l.act()
		}
	})
}

// act does something at random, on any loop or none.
func (l *simLife) act() {
	net := l.net
	switch net.r.IntN(22) {
	case 0, 1, 2:
		l.remove(net.someFamily(), l.key())
	case 3:
		l.register()
	case 4:
		l.kill()
	case 5, 6:
		l.inside(l.watch)
	case 7:
		l.inside(l.stop)
	case 8, 9:
		l.inside(l.query)
	case 10:
		l.talk()
	case 11:
		if net.oneIn(60) && !l.json {
			l.inside(l.base.promote)
		}
	case 12:
		l.dial()
	case 13:
		if ours, ok := l.base.(*simOurs); ok {
			ours.sendToGroup()
		} else {
			l.setNaN()
		}
	case 14:
		l.setAll()
	case 15:
		for range 2 + net.r.IntN(30) { // a burst
			l.set(net.someFamily(), l.key(), l.value())
		}
	default:
		l.set(net.someFamily(), l.key(), l.value())
	}
}

func (net *simNet) someFamily() string { return simFamilies[net.r.IntN(len(simFamilies))] }

// key is one that others set, too, or one of the node's own.
func (l *simLife) key() string {
	if l.net.oneIn(2) {
		return fmt.Sprintf("k%d", l.net.r.IntN(simShared))
	}
	return fmt.Sprintf("%s.%d", l.id, l.net.r.IntN(8))
}

// value is mostly one that nobody has ever set.
func (l *simLife) value() string {
	if l.net.oneIn(12) {
		return fmt.Sprintf("same%d", l.net.r.IntN(3))
	}
	l.count++
	v := fmt.Sprintf("%s.%d", l.p.Name(), l.count)
	if l.net.oneIn(l.net.big) {
		n := 512 << l.net.r.IntN(6)
		if l.net.huge {
			n = 32 << 10 << l.net.r.IntN(3)
		}
		v += strings.Repeat("-", n)
	}
	return v
}

func (l *simLife) set(family, key, value string) {
	switch err := l.base.set(family, key, value); {
	case err == nil:
		l.p.Stored(family, key, value)
		l.hold(family)[key] = value
		l.net.met.Sets++
	case errors.Is(err, kernel.ErrClosed):
		l.net.met.Refused++
	default:
		panic(err)
	}
}

// setAll sets several keys of a family at once.
func (l *simLife) setAll() {
	ours, ok := l.base.(*simOurs)
	if !ok {
		return
	}
	family, values := l.net.someFamily(), map[string]any{}
	for range 1 + l.net.r.IntN(6) {
		values[l.key()] = l.value()
	}
	if err := ours.db.SetAll(family, values); err != nil {
		l.net.met.Refused++
		return
	}
	for _, key := range sortedKeys(values) {
		l.p.Stored(family, key, values[key].(string))
		l.hold(family)[key] = values[key].(string)
		l.net.met.Sets++
	}
}

// setNaN sets something that not every framing can carry.
func (l *simLife) setNaN() {
	original, ok := l.base.(*simOriginal)
	if !ok || l.json {
		return
	}
	family, key := l.net.someFamily(), l.id+simNaN
	original.setNaN(family, key)
	l.p.Stored(family, key, "NaN")
	l.hold(family)[key] = "NaN"
	l.net.met.NaNs++
}

func (l *simLife) hold(family string) map[string]string {
	if l.held[family] == nil {
		l.held[family] = map[string]string{}
	}
	return l.held[family]
}

func (l *simLife) remove(family, key string) {
	if err := l.base.remove(family, key); err != nil {
		l.net.met.Refused++
		return
	}
	l.p.Removed(family, key)
	delete(l.held[family], key)
	l.net.met.Deletes++
}

// register makes a port whose ID is in the database as long as it lives.
func (l *simLife) register() {
	if len(l.ports) > 6 {
		return
	}
	l.makePort()
	p := l.ports[len(l.ports)-1]
	value := l.value()
	ours, ok := l.base.(*simOurs)
	if !ok {
		l.set(simPorts, p.ID(), value)
		return
	}
	if err := ours.db.Register(simPorts, p.Port, value); err != nil {
		l.net.met.Refused++
		return
	}
	l.p.Stored(simPorts, p.ID(), value)
	l.hold(simPorts)[p.ID()] = value
	l.net.met.Registrations++
}

// kill ends a port, but never the last.
func (l *simLife) kill() {
	if len(l.ports) < 2 {
		return
	}
	i := l.net.r.IntN(len(l.ports))
	p := l.ports[i]
	l.ports = append(l.ports[:i], l.ports[i+1:]...)
	l.order(p, "die")
	l.net.met.Deaths++
}

// order tells an own port what to do.
func (l *simLife) order(p *simPort, args ...any) {
	if err := l.n.TrySend(p.ID(), args...); err != nil && !errors.Is(err, kernel.ErrClosed) {
		panic(err)
	}
}

func (l *simLife) watch() {
	family := l.net.someFamily()
	if l.net.oneIn(4) {
		family = simPorts
	}
	switch {
	case !l.original && l.net.oneIn(3):
		l.order(l.ports[l.net.r.IntN(len(l.ports))], "watch", family)
	case len(l.watches) < 5:
		l.net.met.Watches++
		l.watches = append(l.watches, l.base.watch(l, family))
	}
}

func (l *simLife) stop() {
	if len(l.watches) == 0 {
		return
	}
	i := l.net.r.IntN(len(l.watches))
	w := l.watches[i]
	l.watches = append(l.watches[:i], l.watches[i+1:]...)
	w.stop()
	l.net.met.Stopped++
}

// query asks for a family; whatever happens, there is an end to it in time.
func (l *simLife) query() {
	l.net.met.Queries++
	what, patience := "query", 50*time.Millisecond+l.net.exp(time.Second)
	if !l.original && l.net.oneIn(6) {
		what, patience = patientQuery, time.Hour
	}
	o := l.p.Begin(what, "q")
	began := l.net.w.Now()
	l.base.query(l.net.someFamily(), QueryKind(l.net.r.IntN(3)), patience, func(_ map[string]string, err error) {
		if l.closing {
			return
		}
		o.End()
		if late := l.net.w.Now() - began - patience; late > simLate {
			l.p.Left(fmt.Sprintf("queries %v late", late), 1)
		}
		switch {
		case err == nil:
			l.net.met.Answers++
		case errors.Is(err, kernel.ErrTimeout):
			l.net.met.Timeouts++
		default:
			l.p.Left("queries that end with "+err.Error(), 1)
		}
	})
}

// patientQuery is one that waits until somebody answers.
const patientQuery = "patient query"

// simLate is how late a query may end: a loop can stand still for so long.
const simLate = 500 * time.Millisecond

// talk sends to some other node, which may have to be found for that.
func (l *simLife) talk() {
	to := l.net.nodes[l.net.r.IntN(len(l.net.nodes))].id
	if to == l.id {
		return
	}
	if err := l.n.TrySend(to+"#p1", "hello"); err == nil {
		l.net.met.Talks++
	}
}
