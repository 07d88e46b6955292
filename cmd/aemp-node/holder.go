package main

import (
	"fmt"
	"sync"

	"github.com/aemp-go/aemp"
)

// The functions by which a node that aemp-node runs takes entries of the database for others.
//
//	setFunction FAMILY KEY VALUE REPLY: answers nothing, or what is wrong
//	delFunction FAMILY KEY… REPLY: the same
const (
	setFunction = "aemp::db_set"
	delFunction = "aemp::db_del"
)

// holder knows which entries this node has at the wish of others: only these do they
// delete.
type holder struct {
	db *aemp.DB

	mu   sync.Mutex // functions are called on any loop
	held map[entryName]struct{}
}

type entryName struct{ family, key string }

// hold lets others set and delete entries here.
func hold(node *aemp.Node) {
	h := &holder{db: node.DB(), held: map[entryName]struct{}{}}
	node.Register(setFunction, h.set)
	node.Register(delFunction, h.del)
}

func (h *holder) set(self *aemp.Context, m aemp.Message) {
	args := m.Args()
	family, key, value, reply := args.Text(), args.Text(), args.Value(), args.Text()
	err := args.Err()
	if err == nil {
		err = h.take(entryName{family, key}, value)
	}
	answer(self, reply, err)
}

func (h *holder) take(name entryName, value aemp.Value) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.db.Set(name.family, name.key, value); err != nil {
		return err
	}
	h.held[name] = struct{}{}
	return nil
}

func (h *holder) del(self *aemp.Context, m aemp.Message) {
	args := m.Args()
	family := args.Text()
	var words []string
	for args.More() {
		words = append(words, args.Text())
	}
	if args.Err() != nil || len(words) == 0 {
		return // nobody can be told
	}
	keys, reply := words[:len(words)-1], words[len(words)-1]
	answer(self, reply, h.give(family, keys))
}

// give deletes all of the keys or none.
func (h *holder) give(family string, keys []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range keys {
		if _, ok := h.held[entryName{family, key}]; !ok {
			return fmt.Errorf("family %s: key %s was not set here by db set --at", quoted(family), quoted(key))
		}
	}
	if err := h.db.Delete(family, keys...); err != nil {
		return err
	}
	for _, key := range keys {
		delete(h.held, entryName{family, key})
	}
	return nil
}

// answer tells whoever asked; to a port that can't be there nothing is said.
func answer(self *aemp.Context, reply string, err error) {
	if err != nil {
		_ = self.Send(reply, err.Error())
		return
	}
	_ = self.Send(reply)
}
