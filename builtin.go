package aemp

import (
	"maps"
	"slices"
)

// Functions that every node knows, unless it is Secure, for those who look after a network.
// They answer as the original answers eval: with a text that says what is wrong, empty if
// nothing is, and then the values.
const (
	// PeersFunction DEST ARG… sends DEST the ARGs, an empty text, and the IDs of the nodes
	// with which there is a link.
	PeersFunction = "aemp::peers"

	// FamiliesFunction DEST ARG… sends DEST the ARGs, an empty text, and of each family of
	// the database its name and how many entries it has. It is for global nodes; others
	// say that they aren't.
	FamiliesFunction = "aemp::families"
)

// answerQuestions registers them.
func (n *Node) answerQuestions() {
	n.Register(PeersFunction, func(self *Context, m Message) {
		if q, ok := questionOf(m); ok {
			q.answer(self, "", anys(n.UpNodes())...)
		}
	})
	n.Register(FamiliesFunction, func(_ *Context, m Message) {
		if q, ok := questionOf(m); ok {
			n.answerFamilies(q)
		}
	})
}

func (n *Node) answerFamilies(q question) {
	_ = n.db.Families(func(self *Context, keys map[string]int) {
		if keys == nil {
			q.answer(self, "not a global node")
			return
		}
		var values []any
		for _, family := range slices.Sorted(maps.Keys(keys)) {
			values = append(values, family, keys[family])
		}
		q.answer(self, "", values...)
	}) // of a closing node nobody expects an answer
}

// question is where an answer goes: DEST ARG….
type question struct {
	to   string
	args []any
}

func questionOf(m Message) (q question, ok bool) {
	args := m.Args()
	q.to = args.Text()
	for args.More() {
		q.args = append(q.args, args.Value().Clone())
	}
	return q, args.Err() == nil
}

// answer sends it; who asks knows that it may not arrive.
func (q *question) answer(self *Context, wrong string, values ...any) {
	_ = self.Send(q.to, slices.Concat(q.args, []any{wrong}, values)...)
}

func anys(words []string) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = word
	}
	return all
}
