package main

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

var (
	highlight = color.RGBA{0xd9, 0x48, 0x01, 0xff} // aemp
	plainBar  = color.RGBA{0x6b, 0x8f, 0xb3, 0xff} // a peer
	limitBar  = color.RGBA{0xb8, 0xb8, 0xb8, 0xff} // a limit
	limitLine = color.RGBA{0x70, 0x70, 0x70, 0xff}
)

// lineColors are for peers, in the order of the table of systems.
var lineColors = []color.Color{
	color.RGBA{0x1b, 0x6c, 0xa8, 0xff}, color.RGBA{0x3f, 0x8f, 0x3f, 0xff}, color.RGBA{0x7b, 0x52, 0xab, 0xff},
	color.RGBA{0xb5, 0x3a, 0x7a, 0xff}, color.RGBA{0x00, 0x8b, 0x8b, 0xff}, color.RGBA{0x8c, 0x6d, 0x31, 0xff},
	color.RGBA{0x2f, 0x2f, 0x6f, 0xff}, color.RGBA{0x55, 0x55, 0x55, 0xff}, color.RGBA{0xc9, 0xa2, 0x00, 0xff},
}

const width = 18 * vg.Centimeter

// draw writes a plot for each workload that has something to show.
func (r *report) draw(dir string) error {
	for _, w := range r.Workloads {
		all := r.view.of(w.Name)
		if len(all) == 0 || w.Spec.Kind == databaseKind {
			continue
		}
		l := layoutOf(w.Spec)
		l.sort(all)
		file := filepath.Join(dir, w.Name+".svg")
		if err := r.drawOne(l, w, all, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (r *report) drawOne(l layout, w reportWorkload, all []*summary, file string) error {
	if l.times {
		return r.percentilePlot(w, all, file)
	}
	return r.barPlot(l, w, all, file)
}

func newPlot(title string) *plot.Plot {
	c := plot.New()
	c.Title.Text = title
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	sized := func(to *font.Font, size vg.Length) { *to = font.From(sans, size) }
	sized(&c.Title.TextStyle.Font, 13)
	for _, a := range []*plot.Axis{&c.X, &c.Y} {
		sized(&a.Label.TextStyle.Font, 11)
		sized(&a.Tick.Label.Font, 11)
	}
	sized(&c.Legend.TextStyle.Font, 11)
	c.Title.Padding = vg.Points(8)
	return c
}

// barPlot shows the main measure of each system as a bar, the best on top.
func (r *report) barPlot(l layout, w reportWorkload, all []*summary, file string) error {
	c := newPlot(w.Name + ": " + w.What)
	c.X.Label.Text = l.unit
	c.X.Min = 0
	var names []string
	labels := plotter.XYLabels{}
	for i, s := range slices.Backward(all) {
		value, at := l.main(s)/l.scale, float64(len(all)-1-i)
		bar, err := plotter.NewBarChart(plotter.Values{value}, vg.Points(16))
		if err != nil {
			return err
		}
		bar.Horizontal, bar.XMin = true, at
		bar.LineStyle.Width = 0
		bar.Color = r.barColor(s.System)
		c.Add(bar)
		names = append(names, s.System)
		labels.XYs = append(labels.XYs, plotter.XY{X: value, Y: at})
		labels.Labels = append(labels.Labels, " "+digits(value))
	}
	texts, err := plotter.NewLabels(labels)
	if err != nil {
		return err
	}
	for i := range texts.TextStyle {
		texts.TextStyle[i].Font = c.X.Tick.Label.Font
		texts.TextStyle[i].YAlign = draw.YCenter
	}
	c.Add(texts)
	c.NominalY(names...)
	c.X.Max *= 1.12 // place for the labels
	height := vg.Points(24)*vg.Length(len(all)) + vg.Points(90)
	return save(c, height, file)
}

func (r *report) barColor(system string) color.Color {
	switch r.view.class(system) {
	case ours:
		return highlight
	case limit:
		return limitBar
	}
	return plainBar
}

// percentilePlot shows how long what part of the round trips took, with ever more nines.
func (r *report) percentilePlot(w reportWorkload, all []*summary, file string) error {
	c := newPlot(w.Name + ": " + w.What)
	c.X.Label.Text, c.Y.Label.Text = "percentile", "µs"
	c.X.Scale, c.Y.Scale = plot.LogScale{}, plot.LogScale{}
	c.X.Tick.Marker, c.Y.Tick.Marker = nines, plot.LogTicks{Prec: -1}
	c.Legend.Top, c.Legend.Left = true, true
	c.Add(plotter.NewGrid())
	for _, s := range all {
		line, err := plotter.NewLine(quantiles(s))
		if err != nil {
			return err
		}
		line.LineStyle = r.lineStyle(s.System)
		c.Add(line)
		c.Legend.Add(s.System, line)
	}
	return save(c, 12*vg.Centimeter, file)
}

// save writes a plot with a margin around it.
func save(c *plot.Plot, height vg.Length, file string) error {
	canvas := vgsvg.New(width, height)
	margin := vg.Points(8)
	c.Draw(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin))
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(f)
	return errors.Join(err, f.Close())
}

// lineStyle is the same for a system in all plots.
func (r *report) lineStyle(name string) draw.LineStyle {
	kind, before := r.view.class(name), 0 // how many there are of the class before it
	for _, s := range systems {
		if s.name == name {
			break
		}
		if s.class == kind {
			before++
		}
	}
	switch kind {
	case ours:
		return draw.LineStyle{Color: highlight, Width: vg.Points(3)}
	case limit:
		dash := vg.Points(float64(2 + 4*(before%3)))
		return draw.LineStyle{Color: limitLine, Width: vg.Points(1.5), Dashes: []vg.Length{dash, vg.Points(3)}}
	}
	return draw.LineStyle{Color: lineColors[before%len(lineColors)], Width: vg.Points(1.2)}
}

// nines are the ticks of an axis on which q is at 1/(1-q).
var nines = plot.ConstantTicks{
	{Value: 1, Label: "0"}, {Value: 2, Label: "50"}, {Value: 10, Label: "90"}, {Value: 100, Label: "99"},
	{Value: 1e3, Label: "99.9"}, {Value: 1e4, Label: "99.99"}, {Value: 1e5, Label: "99.999"},
}

// quantiles are the points of a line: as far as there are round trips enough to tell.
func quantiles(s *summary) (points plotter.XYs) {
	n := float64(s.laps.TotalCount())
	for x := 1.0; x <= min(n, 1e5); x *= math.Pow(10, 1.0/16) {
		micros := float64(max(s.laps.ValueAtQuantile(100*(1-1/x)), s.laps.Min())) / 1e3
		points = append(points, plotter.XY{X: x, Y: micros})
	}
	return points
}
