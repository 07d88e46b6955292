package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/kernel"
)

func TestAnErrorIsExplained(t *testing.T) {
	o := &options{timeout: 3 * time.Second}
	unknown := kernel.NewReason("transport_error", "n", aemp.ErrNoAddress.Error())
	broken := kernel.NewReason("transport_error", "n", "connection closed by peer")
	for want, err := range map[string]error{
		"family jobs: no global node answers within 3s: is a seed there, and one that keeps the database?": &aemp.NoMasterError{Family: "jobs"},
		`family "1x" doesn't begin with a letter; see aemp-node help`:                                      &aemp.NameError{What: "family", Name: "1x", Why: "doesn't begin with a letter"},
		"family jobs: more keys in the database than the quota of 2: delete what isn't needed":             &aemp.QuotaError{Family: "jobs", What: "keys", Limit: 2},
		"n#p: no answer within 3s": aemp.ErrTimeout,
		"interrupted":              context.Canceled,
		"n#p: no known address: the network has no such node, or it listens nowhere": &aemp.ReasonError{Port: "n#p", Reason: unknown},
		(&aemp.ReasonError{Port: "n#p", Reason: broken}).Error():                     &aemp.ReasonError{Port: "n#p", Reason: broken},
	} {
		if got := o.explain(err, "n#p").Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	var usage *usageError
	if !errors.As(o.explain(&aemp.NameError{}), &usage) {
		t.Error("a name out of the rules is no usage error")
	}
	if o.explain(nil) != nil {
		t.Error("nothing is an error")
	}
}
