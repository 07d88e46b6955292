package global

import (
	"maps"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// An originalHub is what an original has more when it is global.
type originalHub struct {
	o       *original
	slaves  map[string]bool            // it is one of its own
	watched map[string]map[string]bool // family → slaves that watch it
	dbs     map[string]originalTables  // what each node has sent
	merged  originalTables             // in the order of arrival
	kept    map[string]bool            // nodes to be connected with
	keeping originalRetry
}

// promote makes the node global, for ever.
func (o *original) promote() {
	if o.hub != nil {
		return
	}
	h := &originalHub{
		o: o, slaves: map[string]bool{}, watched: map[string]map[string]bool{},
		dbs: map[string]originalTables{}, merged: originalTables{}, kept: map[string]bool{},
	}
	h.keeping = originalRetry{o: o, all: h.connectKept}
	o.hub = h
	o.watching = watchesNothing
	o.register(o.id)
	o.set(familyGlobals, o.id, nil)
	for _, node := range sortedKeys(o.up) {
		o.tell(node, "g_global")
		if o.globals[node] {
			h.connect(node)
		}
	}
	o.watch(familyGlobals, func(added, _, deleted []string, _ originalTable) {
		for _, node := range added {
			h.keep(node)
		}
		for _, node := range deleted {
			delete(h.kept, node)
		}
	})
}

func (h *originalHub) request(from, tag string, r codec.Args) {
	o := h.o
	switch tag {
	case "g_slave":
		if r.More() {
			h.slaves[from] = true
			h.set(from, originalTablesOf(r.Value()))
		}
	case "g_set":
		db := originalTablesOf(r.Value())
		binds, there := db[familyNodes][from]
		h.set(from, db)
		if !there {
			binds = originalEncoding(nil)
		}
		o.set(familyNodes, from, codec.Raw(binds))
	case "g_upd":
		h.update(from, r.Text(), originalTableOf(originalNext(&r)), originalTextsOf(originalNext(&r)))
	case "g_find":
		node := r.Text()
		o.tell(from, "g_found", node, originalValue(h.merged[familyNodes][node]))
	case "g_db_family":
		family, id := r.Text(), r.Text()
		o.tell(from, "g_reply", id, h.merged[family].args())
	case "g_db_keys":
		family, id := r.Text(), r.Text()
		o.tell(from, "g_reply", id, octetTexts(sortedKeys(h.merged[family])))
	case "g_db_values":
		family, id := r.Text(), r.Text()
		var all []any
		for _, key := range sortedKeys(h.merged[family]) {
			all = append(all, codec.Raw(h.merged[family][key]))
		}
		o.tell(from, "g_reply", id, all)
	case "g_mon1":
		family := r.Text()
		h.slaves[from] = true
		if h.watched[family] == nil {
			h.watched[family] = map[string]bool{}
		}
		h.watched[family][from] = true
		if keys, there := h.merged[family]; there {
			o.tell(from, "g_chg1", family, keys.args())
		} else {
			o.tell(from, "g_chg1", family, nil)
		}
	case "g_mon0":
		family := r.Text()
		h.slaves[from] = true
		delete(h.watched[family], from)
	}
}

// originalNext is the next argument, or nothing.
func originalNext(r *codec.Args) codec.Value {
	if !r.More() {
		return codec.Value{}
	}
	return r.Value()
}

func (h *originalHub) set(from string, db originalTables) {
	for _, family := range sortedKeys(db) {
		h.update(from, family, db[family], nil)
	}
}

// update takes a change from a node over, and passes it on if the node is a slave.
func (h *originalHub) update(from, family string, set originalTable, del []string) {
	if h.dbs[from] == nil {
		h.dbs[from] = originalTables{}
	}
	theirs, merged := h.dbs[from].family(family), h.merged.family(family)
	set = maps.Clone(set)
	if set == nil {
		set = originalTable{}
	}
	maps.Copy(theirs, set)
	maps.Copy(merged, set)
	extra := originalTable{}     // for the watchers here only
	var gone, goneThere []string // here, for other globals
	for _, key := range del {
		delete(theirs, key)
		slave, global := h.holders(family, key)
		switch {
		case slave != "":
			if v := h.dbs[slave][family][key]; merged[key] != v {
				set[key], merged[key] = v, v
			}
		case global != "":
			goneThere = append(goneThere, key)
			if v := h.dbs[global][family][key]; merged[key] != v {
				extra[key], merged[key] = v, v
			}
		default:
			delete(merged, key)
			gone = append(gone, key)
			if h.slaves[from] {
				goneThere = append(goneThere, key)
			}
		}
	}
	if len(merged) == 0 {
		delete(h.merged, family)
	}
	if len(theirs) == 0 {
		delete(h.dbs[from], family)
	}
	if h.slaves[from] && len(set)+len(goneThere) > 0 {
		for _, node := range sortedKeys(h.o.globals) {
			h.o.tell(node, "g_upd", family, set.args(), goneThere)
		}
	}
	if len(set)+len(extra)+len(gone) > 0 {
		maps.Copy(set, extra)
		for _, node := range sortedKeys(h.watched[family]) {
			h.o.tell(node, "g_chg2", family, set.args(), gone)
		}
	}
}

// holders are who else has a key: any slave, or else any other node.
func (h *originalHub) holders(family, key string) (slave, global string) {
	for _, node := range sortedKeys(h.dbs) {
		if _, there := h.dbs[node][family][key]; !there {
			continue
		}
		if h.slaves[node] {
			return node, ""
		}
		global = node
	}
	return "", global
}

// connect tells another global node what the slaves here hold; of a key that
// several have, anyone's value.
func (h *originalHub) connect(node string) {
	h.o.set(familyGlobals, node, nil)
	all := originalTables{}
	for _, slave := range sortedKeys(h.slaves) {
		for family, keys := range h.dbs[slave] {
			maps.Copy(all.family(family), keys)
		}
	}
	h.o.tell(node, "g_set", all.args())
}

// disconnect forgets what came from a node.
func (h *originalHub) disconnect(node string) {
	delete(h.o.globals, node)
	h.o.remove(familyGlobals, node)
	h.o.remove(familyNodes, node)
	for _, family := range sortedKeys(h.dbs[node]) {
		h.update(node, family, nil, sortedKeys(h.dbs[node][family]))
	}
	delete(h.dbs, node)
	delete(h.slaves, node)
	for _, watchers := range h.watched {
		delete(watchers, node)
	}
}

func (h *originalHub) keep(node string) {
	if h.kept[node] || node == h.o.id {
		return
	}
	h.kept[node] = true
	h.keeping.again(300 * time.Millisecond)
}

func (h *originalHub) nodeDown(node string) {
	if h.kept[node] {
		h.keeping.again(300 * time.Millisecond)
	}
}

func (h *originalHub) connectKept() (missing bool) {
	for _, node := range sortedKeys(h.kept) {
		if _, up := h.o.up[node]; !up {
			missing = true
			h.o.n.Connect(node)
		}
	}
	return missing
}
