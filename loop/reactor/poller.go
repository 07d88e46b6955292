package reactor

import "github.com/panjf2000/gnet/v2/pkg/netpoll"

// interest says what a descriptor is watched for.
type interest uint8

const (
	reading interest = 1 << iota
	writing
)

// A poller is gnet's, with two things added: interest is changed from any to any,
// and a descriptor without interest isn't watched at all. (Left in with an empty
// mask it would still report errors, again and again.)
type poller struct {
	*netpoll.Poller
	queue      int                    // the kernel's queue; -1: gnet waits in it, and nobody else needs it
	attachment netpoll.PollAttachment // scratch: gnet looks at its FD only
}

func (p *poller) open(portable bool) (err error) {
	if p.Poller, err = netpoll.OpenPoller(); err != nil {
		return err
	}
	return p.findQueue(portable)
}

func (p *poller) close() {
	if p.Poller != nil {
		_ = p.Poller.Close()
	}
}

// addSignal watches a bell or an alarm.
func (p *poller) addSignal(fd int, edgeTriggered bool) error {
	p.attachment.FD = fd
	return p.AddRead(&p.attachment, edgeTriggered)
}

// change turns the interest in fd from had into want.
func (p *poller) change(fd int, had, want interest) error {
	p.attachment.FD = fd
	a := &p.attachment
	switch {
	case had == want:
		return nil
	case want == 0:
		return p.drop(fd, had)
	case had == 0 && want == reading:
		return p.AddRead(a, false)
	case had == 0 && want == writing:
		return p.AddWrite(a, false)
	case had == 0:
		return p.AddReadWrite(a, false)
	case want == reading && had == reading|writing:
		return p.ModRead(a, false)
	case want == reading|writing && had == reading:
		return p.ModReadWrite(a, false)
	}
	// What gnet has no call for, above all "writing only".
	if err := p.drop(fd, had); err != nil {
		return err
	}
	return p.change(fd, 0, want)
}
