package main

import (
	"fmt"
	"path"
	"strings"
)

// choose returns those of all that a list of names and patterns names, in their own order.
// An empty list names all.
func choose[T any](what, list string, all []T, name func(*T) string) (chosen []*T, err error) {
	var patterns []string
	for pattern := range strings.SplitSeq(list, ",") {
		if pattern = strings.TrimSpace(pattern); pattern != "" {
			patterns = append(patterns, pattern)
		}
	}
	used := make([]bool, len(patterns))
	for i := range all {
		take := len(patterns) == 0
		for k, pattern := range patterns {
			ok, err := path.Match(pattern, name(&all[i]))
			if err != nil {
				return nil, fmt.Errorf("%s %q: %w", what, pattern, err)
			}
			if ok {
				take, used[k] = true, true
			}
		}
		if take {
			chosen = append(chosen, &all[i])
		}
	}
	for k, ok := range used {
		if !ok {
			return nil, fmt.Errorf("there is no %s %q; -list shows all", what, patterns[k])
		}
	}
	return chosen, nil
}
