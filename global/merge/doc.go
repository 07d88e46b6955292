// Package merge is the store of a global node: it keeps what each publisher has
// published and merges it into one view, the same one at every global node
// whatever the order of arrival (protocol 6).
package merge
