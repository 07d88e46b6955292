package main

import (
	"fmt"
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A picture is one plot: something of each network over the number of its slaves, a
// line for each number of global nodes.
type picture struct {
	file, title, unit string
	log               bool // the scale of what is measured, too
	value             func(*result) float64
}

var pictures = []picture{
	{"join.svg", "Until all have joined that start at the same moment", "seconds", false,
		func(r *result) float64 { return r.Join.Time.Seconds() }},
	{"join-global.svg", "Joining: traffic of a global node", "KiB", true,
		func(r *result) float64 { return r.Join.Global.Octets / 1024 }},
	{"change.svg", "Until all watchers have seen a change", "milliseconds", false,
		func(r *result) float64 { return float64(r.Change.Median) / 1e6 }},
	{"loss.svg", "Until all views are right after the end of a global node's process", "milliseconds", false,
		func(r *result) float64 { return float64(r.Ended.Whole) / 1e6 }},
}

var lineColors = []color.Color{
	color.RGBA{0x1b, 0x6c, 0xa8, 0xff}, color.RGBA{0xc4, 0x4e, 0x29, 0xff}, color.RGBA{0x3f, 0x8f, 0x3f, 0xff},
}

func (p picture) draw(dir string, all []*result) error {
	c := plot.New()
	c.Title.Text = p.title
	c.X.Label.Text = "slaves"
	c.Y.Label.Text = p.unit
	c.X.Scale = plot.LogScale{}
	if p.log {
		c.Y.Scale, c.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	c.Legend.Top, c.Legend.Left = true, true
	c.Add(plotter.NewGrid())
	lines := map[int]plotter.XYs{}
	var globals []int
	var ticks plot.ConstantTicks
	for _, r := range all {
		if lines[r.Globals] == nil {
			globals = append(globals, r.Globals)
		}
		if r.Globals == globals[0] {
			ticks = append(ticks, plot.Tick{Value: float64(r.Slaves), Label: fmt.Sprint(r.Slaves)})
		}
		lines[r.Globals] = append(lines[r.Globals], plotter.XY{X: float64(r.Slaves), Y: p.value(r)})
	}
	c.X.Tick.Marker = ticks
	for i, g := range globals {
		l, points, err := plotter.NewLinePoints(lines[g])
		if err != nil {
			return err
		}
		l.Width = vg.Points(1.5)
		l.Color = lineColors[i%len(lineColors)]
		points.Shape, points.Color = draw.CircleGlyph{}, l.Color
		c.Add(l, points)
		c.Legend.Add(fmt.Sprintf("%d global nodes", g), l, points)
	}
	if !p.log {
		c.Y.Min = 0
		c.Y.Max *= 1.1
	}
	return c.Save(14*vg.Centimeter, 9*vg.Centimeter, filepath.Join(dir, p.file))
}
