package acme

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logger makes what certmagic writes to out of the node's own log. What it says at level info is steps of the protocol, so
// everything comes one level lower; the outcome is told by Source.event.
func logger(log *slog.Logger) *zap.Logger { return zap.New(&core{log: log}) }

// core is a zapcore.Core over slog.
type core struct{ log *slog.Logger }

// levelOf gives slog's level, one lower.
func levelOf(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.ErrorLevel:
		return slog.LevelWarn
	case l >= zapcore.WarnLevel:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// Enabled implements zapcore.Core.
func (c *core) Enabled(l zapcore.Level) bool { return c.log.Enabled(context.Background(), levelOf(l)) }

// With implements zapcore.Core.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{log: c.log.With(attrs(fields)...)}
}

// Check implements zapcore.Core.
func (c *core) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return to.AddCore(e, c)
	}
	return to
}

// Write implements zapcore.Core.
func (c *core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	c.log.With(attrs(fields)...).Log(context.Background(), levelOf(e.Level), "acme", "text", e.Message, "part", e.LoggerName)
	return nil
}

// Sync implements zapcore.Core.
func (*core) Sync() error { return nil }

// attrs turns fields into attributes.
func attrs(fields []zapcore.Field) []any {
	list := make([]any, 0, len(fields))
	for _, f := range fields {
		m := zapcore.NewMapObjectEncoder()
		f.AddTo(m)
		for k, v := range m.Fields {
			list = append(list, slog.Any(k, v))
		}
	}
	return list
}
