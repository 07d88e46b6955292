package aemp

import (
	"context"
	"log/slog"
)

// logger is the Logger, cut at LogLevel. c is effective.
func (c *Config) logger() *slog.Logger {
	if c.LogLevel == "" {
		return c.Logger
	}
	var least slog.Level
	if least.UnmarshalText([]byte(c.LogLevel)) != nil {
		return c.Logger // Validate has refused it
	}
	return slog.New(levelHandler{c.Logger.Handler(), least})
}

// levelHandler drops what is below a level.
type levelHandler struct {
	slog.Handler
	least slog.Level
}

func (h levelHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.least && h.Handler.Enabled(ctx, level)
}

func (h levelHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return levelHandler{h.Handler.WithAttrs(attrs), h.least}
}

func (h levelHandler) WithGroup(name string) slog.Handler {
	return levelHandler{h.Handler.WithGroup(name), h.least}
}
