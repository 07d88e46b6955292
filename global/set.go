package global

// Set sets a key of a family for as long as this node lives. The others see it soon; it never
// waits for them. Where several nodes set the same key, the last one counts, and
// when it deletes it, the one before. There is no order between it and messages that
// are sent.
//
// The value is what can be sent in a message (see Encode for generated types). The error
// is a *NameError, an *EntryError that says why the value can't be stored, a *QuotaError,
// or ErrClosed. Any goroutine or handler.
func (d *DB) Set(family, key string, value any) error { return d.local.Set(family, key, value) }

// SetAll is Set for several keys of a family: with an error for any of them none is set.
func (d *DB) SetAll(family string, values map[string]any) error {
	return d.local.SetAll(family, values)
}

// Delete takes back what this node has set. What other nodes have set under these keys
// stays and comes to light. A key that this node hasn't set is no error. With a
// *NameError nothing is deleted. Any goroutine or handler.
func (d *DB) Delete(family string, keys ...string) error { return d.local.Delete(family, keys...) }
