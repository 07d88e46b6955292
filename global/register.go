package global

import (
	"errors"

	"github.com/aemp-go/aemp/kernel"
)

// A registration is the families in which a port is registered.
type registration struct{ families map[string]struct{} }

// Register sets the key that is the port's ID, and deletes it when the port dies, also
// when it is dead already: so the ports that offer something find each other in a
// family, see Group. The port must be one of this node. Errors are as with Set. Any
// goroutine or handler.
func (d *DB) Register(family string, p *kernel.Port, value any) error {
	if p.Node() != d.node {
		return &kernel.IDError{What: "port", ID: p.ID(), Err: errors.New("it is of another node")}
	}
	if err := d.Set(family, p.ID(), value); err != nil {
		return err
	}
	d.mu.Lock()
	r, monitored := d.registered[p]
	if !monitored {
		r = &registration{families: map[string]struct{}{}}
		d.registered[p] = r
	}
	r.families[family] = struct{}{}
	d.mu.Unlock()
	if monitored {
		return nil
	}
	_, err := d.node.Monitor(p.ID(), func(*kernel.Context, kernel.Reason) { d.unregister(p) })
	if err != nil {
		d.unregister(p)
	}
	return err
}

// unregister: the port is dead.
func (d *DB) unregister(p *kernel.Port) {
	d.mu.Lock()
	r := d.registered[p]
	delete(d.registered, p)
	d.mu.Unlock()
	for _, family := range sortedKeys(r.families) {
		_ = d.Delete(family, p.ID()) // fails only when all is deleted anyway
	}
}
