package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front/certs"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// ErrNoReload says that the node has no configuration to read again.
var ErrNoReload = errors.New("this node cannot reload: it was started without a configuration; restart it")

// Reloaded says what a reload did, by the keys of the configuration.
type Reloaded struct {
	Changed []string // in force now
	Restart []string // changed in the file, in force after the next start
}

// Reload reads the configuration again and puts in force what can be while connections are open: entities, rules, certificate
// files, the log's level. The new world is built first: with any problem nothing has changed, and the error is
// config.Problems. It may be called from any goroutine; reloads run one after the other.
func (g *Gateway) Reload(ctx context.Context) (Reloaded, error) {
	if g.p.Load == nil {
		return Reloaded{}, ErrNoReload
	}
	g.reloading.Lock()
	defer g.reloading.Unlock()
	done, err := g.reloadLocked(ctx)
	if err != nil {
		g.log.ErrorContext(ctx, "reload failed, nothing has changed", "cause", err)
		return Reloaded{}, err
	}
	g.log.InfoContext(ctx, "reloaded", "changed", done.Changed, "restart", done.Restart)
	return done, nil
}

func (g *Gateway) reloadLocked(ctx context.Context) (Reloaded, error) {
	cfg, problems := g.p.Load()
	if err := problems.Err(); err != nil {
		return Reloaded{}, err
	}
	next, err := g.build(cfg)
	if err != nil {
		return Reloaded{}, config.Problems{{Message: err.Error()}}
	}
	if g.p.Connect != nil {
		if err := g.p.Connect(cfg); err != nil {
			return Reloaded{}, config.Problems{{Message: err.Error()}}
		}
	}
	if err := g.seed(ctx, next.declared); err != nil {
		return Reloaded{}, fmt.Errorf("reload: %w: reload again once the store can be written", err)
	}
	live, restart := config.Changed(g.live, cfg)
	if next.certs != nil {
		g.certs.(*certs.Swap).Set(next.certs) //nolint:forcetypeassert // build has looked
		g.files.Store(next.files)
	}
	if g.p.LogLevel != nil {
		_ = g.p.LogLevel.UnmarshalText([]byte(cfg.Log.Level)) // config has checked the word
	}
	g.live = g.live.WithLive(cfg)
	return Reloaded{Changed: live, Restart: restart}, nil
}

// world is what a reload puts in force.
type world struct {
	declared *declaration
	certs    certs.Source // nil: the source stays
	files    *certs.Files // of certs, when they are files
}

// build makes everything that the new settings need and changes nothing.
func (g *Gateway) build(cfg *config.Config) (w world, err error) {
	if w.declared, err = g.declared(cfg); err != nil {
		return w, err
	}
	before, after := g.live.TLS, cfg.TLS
	swap := g.certs != nil && g.acme == nil && len(after.ACME.Hosts) == 0
	switch files := g.files.Load(); {
	case !swap:
	case before.Cert == after.Cert && before.Key == after.Key:
		if files != nil {
			return w, files.Check() // the same files, maybe with another pair in them
		}
	case after.Cert == "":
		w.certs, err = g.localLeaf()
	default:
		if w.files, err = g.openFiles(cfg); err == nil {
			w.certs = w.files
		}
	}
	return w, err
}

// reload is Reload for the API.
func (g *Gateway) reload(ctx context.Context) (done wire.Reloaded, problems []wire.ConfigProblem, err error) {
	r, err := g.Reload(ctx)
	if wrong, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range wrong {
			if !p.Warning {
				problems = append(problems, wire.ConfigProblem{
					File: p.File, Line: p.Line, Column: p.Column, Key: p.Key, Message: p.Message, Suggestion: p.Suggestion,
				})
			}
		}
	}
	return wire.Reloaded{Changed: r.Changed, Restart: r.Restart}, problems, err
}
