package main

import (
	"fmt"
	"math"
	"strings"
)

// A grid is a table of text. The first column is text, the others are numbers unless the
// table says otherwise.
type grid struct {
	heads []string
	text  bool // all columns are text
	rows  [][]string
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

func (g *grid) markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			fmt.Fprintf(&b, "| %s ", strings.NewReplacer("|", `\|`, "\n", " ").Replace(c))
		}
		b.WriteString("|\n")
	}
	line(g.heads)
	for i := range g.heads {
		if i == 0 || g.text {
			b.WriteString("| --- ")
		} else {
			b.WriteString("| ---: ")
		}
	}
	b.WriteString("|\n")
	for _, row := range g.rows {
		line(row)
	}
	return b.String()
}

// digits shows three digits that count, or all of a larger number; nothing for what
// isn't a number.
func digits(x float64) string {
	switch size := math.Abs(x); {
	case math.IsNaN(x):
		return ""
	case size == 0:
		return "0"
	case size >= 100:
		return thousands(int64(math.Round(x)))
	case size >= 10:
		return fmt.Sprintf("%.1f", x)
	case size >= 1:
		return fmt.Sprintf("%.2f", x)
	case size >= 0.001:
		return fmt.Sprintf("%.3f", x)
	}
	return "< 0.001"
}

// thousands puts commas into a number.
func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
