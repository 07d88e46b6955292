package main

import (
	"strings"
	"testing"
)

func TestATableIsPutBetweenItsMarks(t *testing.T) {
	page := "before\n<!-- begin a -->\nold\n<!-- end a -->\nafter\n"
	got, err := fill(page, "a", "new\n")
	if want := strings.Replace(page, "old", "new", 1); err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := fill(page, "b", "new\n"); err == nil {
		t.Error("a page without the marks was filled")
	}
}

func TestThePageHasMarksForAllTables(t *testing.T) {
	if _, err := fillPage("../../docs", nil, nil); err != nil {
		t.Error(err)
	}
}

func TestEveryConditionOfEachHasToHoldAtTheSameTime(t *testing.T) {
	a, b := &node{}, &node{}
	all := each([]*node{a, b}, func(n *node) bool { return n.links == 1 })
	a.links = 1
	if all() {
		t.Error("it holds for one of two")
	}
	a.links, b.links = 0, 1
	if all() {
		t.Error("it held for each, but never for both")
	}
	a.links = 1
	if !all() {
		t.Error("it holds for both")
	}
}
