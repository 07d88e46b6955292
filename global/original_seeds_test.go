package global

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// originalSeed is an address at which the original expects a global node.
type originalSeed struct {
	addr    netip.AddrPort
	node    string // who answered last
	dialled bool   // and not done
	self    bool
}

// originalRetry calls all until it says that nothing is missing, with doubling pauses.
type originalRetry struct {
	o     *original
	all   func() (missing bool)
	timer loop.Timer
	runs  bool
	pause time.Duration
}

// again begins with short pauses. If it is under way, the present pause stays.
func (r *originalRetry) again(least time.Duration) {
	r.pause = time.Duration((1 + r.o.random()) * float64(least))
	if r.timer == nil {
		r.timer = r.o.loop.NewTimer(loop.Func(r.run))
	}
	if !r.runs {
		r.runs = true
		r.timer.Reset(0)
	}
}

func (r *originalRetry) run() {
	if r.runs = r.all(); r.runs {
		r.pause = min(2*r.pause, r.o.bound)
		r.timer.Reset(r.pause)
	}
}

func (o *original) random() float64 {
	var b [8]byte
	o.loop.Random(b[:])
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}

func (o *original) dialSeeds() (missing bool) {
	for _, s := range o.seeds {
		if _, up := o.up[s.node]; s.self || up {
			continue
		}
		missing = true
		if !s.dialled {
			o.dialSeed(s)
		}
	}
	return missing
}

// dialSeed learns who is there. A node whose link is older than that is a seed, but won't
// be the master before its next link.
func (o *original) dialSeed(s *originalSeed) {
	began := o.loop.Now()
	s.dialled = true
	o.n.DialSeed(s.addr, func(node string, err error) {
		s.dialled = false
		switch {
		case errors.Is(err, kernel.ErrSelf):
			s.self = true
			o.promote()
			return
		case node == "" || node == o.id:
			return
		}
		s.node, o.isSeed[node] = node, true
		since, up := o.up[node]
		if !up {
			return
		}
		o.tell(node, "g_slave")
		if since >= began && o.watching == watchesSeeds && o.hub == nil {
			o.register(node)
		}
	})
}
