package main

import (
	"fmt"
	"strings"

	"github.com/aemp-go/aemp"
)

// A service is a port that run offers, so that a network can be tried without a program: it
// is NODE#NAME, and a key of the family NAME.
type service struct {
	name string
	// serve gives the port its handlers. What the service leaves behind when the node
	// has ended, stop puts in order; it may be nil.
	serve func(o *options, p *aemp.Port) (stop func())
}

func services() []*service { return []*service{&echoService, &clockService, &logService} }

const servicesHelp = `
Services, each the port NODE#NAME and found in the database's family NAME:

  echo   sends the arguments of a message, save the last, to the port that is the last
  clock  answers time PORT with the seconds since 1970; after subscribe PORT [SECONDS] it
         sends PORT tick TIME at once and every second (or so many), until PORT dies or
         there is unsubscribe PORT
  log    prints what it is sent, one line of JSON values for each message
`

// addService is the flag --service.
func (o *options) addService(name string) error {
	var names []string
	for _, s := range services() {
		if s.name == name {
			o.services = append(o.services, s)
			return nil
		}
		names = append(names, s.name)
	}
	return fmt.Errorf("no such service, expected %s", strings.Join(names, ", "))
}

// serve starts the services that were asked for.
func (o *options) serve(node *aemp.Node) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, f := range stops {
			f()
		}
	}
	for _, s := range o.services {
		p, err := node.NewNamedPort(s.name)
		if err != nil {
			return stop, err
		}
		if f := s.serve(o, p); f != nil {
			stops = append(stops, f)
		}
		if err := node.DB().Register(s.name, p, nil); err != nil {
			return stop, err
		}
	}
	return stop, nil
}

// usage answers a message of which a service can make nothing, if it names a port to
// answer to, so that a mistyped call doesn't wait in vain.
func usage(text string) aemp.Handler {
	return func(self *aemp.Context, m aemp.Message) {
		if m.Len() == 0 {
			return
		}
		if to, err := m.At(m.Len() - 1).Text(); err == nil {
			_ = self.Send(to, text) // it may well be no port
		}
	}
}
