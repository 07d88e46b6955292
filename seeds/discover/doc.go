// Package discover finds seeds among the machines of a cloud, with
// github.com/hashicorp/go-discover: Amazon, Azure, Google, Kubernetes, OpenStack and the
// others that it knows. It is a module of its own, since these bring their libraries along.
//
//	source, err := discover.New("provider=aws region=eu-west-1 tag_key=aemp tag_value=seed", discover.Options{})
//	…
//	node, err := aemp.Start(aemp.Config{SeedSources: []aemp.SeedSource{source}, …})
//
// What a provider wants to be told, and by what rights it asks, go-discover's documentation
// says. Each machine that it names is a seed at Options.Port, unless the provider knows the
// port itself. Machines that aren't nodes do no harm but are dialled again and again: give
// a tag to those that are.
//
// In Kubernetes a headless service with a named port does the same without this
// package: the seed "srv:_aemp._tcp.SERVICE.NAMESPACE.svc.cluster.local".
package discover
