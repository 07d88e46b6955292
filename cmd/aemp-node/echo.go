package main

import "github.com/aemp-go/aemp"

var echoService = service{
	name:  "echo",
	serve: func(_ *options, p *aemp.Port) func() { p.OnDefault(echo); return nil },
}

// echo sends all arguments but the last to the port that the last one is.
func echo(self *aemp.Context, m aemp.Message) {
	args := m.Args()
	var values []any
	for args.Len() > 1 {
		values = append(values, args.Value())
	}
	if to := args.Text(); args.Err() == nil {
		_ = self.Send(to, values...) // it may well be no port
	}
}
