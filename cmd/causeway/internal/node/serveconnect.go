package node

import (
	"cmp"
	"context"
	"log/slog"
	"sync"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/internal/trust"
)

// served is a node with the connectors of its file.
type served struct {
	*gateway.Gateway

	log  *slog.Logger
	open bool // the doors have been opened once

	mu     sync.Mutex
	bridge *connect.Bridge // nil: not ready yet, or no connector so far
	cfg    *config.Config  // in force
}

// ready starts the connectors of the file once the doors are open.
func (s *served) ready() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	if err := s.applyLocked(s.cfg); err != nil {
		s.log.Error("connectors", "cause", err)
	}
}

// reloaded puts the connectors of new settings in force, or says why it cannot.
func (s *served) reloaded(cfg *config.Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		if err := s.applyLocked(cfg); err != nil {
			return err
		}
	}
	s.cfg = cfg
	return nil
}

// applyLocked starts what is new and ends what has gone. Connectors without a connection string of their own are those of this
// node, with its root rule.
func (s *served) applyLocked(cfg *config.Config) error {
	if s.bridge == nil && len(cfg.Connectors) == 0 {
		return nil
	}
	if s.bridge == nil {
		ready := s.Ready()
		elsewhere := trust.Default("")
		s.bridge = connect.New(connect.Params{
			ConnectionString: ready.ConnectionString, Plain: ready.Endpoints["https"] == "", Roots: trust.Roots{File: cmp.Or(ready.CAFile, elsewhere.File)}, Elsewhere: &elsewhere, Tell: s.tell,
		})
	}
	return s.bridge.Apply(cfg.Connect())
}

// tell writes what happens to connectors into the node's log: for people what the line of 'listen' says.
func (s *served) tell(e connect.Event) {
	level := slog.LevelInfo
	switch {
	case e.Kind == connect.Opened:
		level = slog.LevelDebug
	case e.Do != "":
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("event", string(e.Kind)), slog.String("entity", e.Entity)}
	for _, a := range []struct{ key, value string }{{"remote", e.Remote}, {"reason", string(e.Reason)}, {"text", e.Text}, {"do", e.Do}} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	if e.Kind == connect.Closed {
		attrs = append(attrs, slog.Int64("in", e.In), slog.Int64("out", e.Out), slog.Duration("duration", e.Duration))
	}
	s.log.LogAttrs(context.Background(), level, "connector", attrs...)
}

// Shutdown drains connectors and node together.
func (s *served) Shutdown(ctx context.Context) error {
	var parts sync.WaitGroup
	defer parts.Wait()
	if bridge := s.connectors(); bridge != nil {
		parts.Go(func() { bridge.Shutdown(ctx) })
	}
	return s.Gateway.Shutdown(ctx)
}

// stop ends what is left of the connectors now.
func (s *served) stop() {
	if bridge := s.connectors(); bridge != nil {
		ctx, now := context.WithCancel(context.Background())
		now()
		bridge.Shutdown(ctx)
	}
}

func (s *served) connectors() *connect.Bridge {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bridge
}
