package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/store"
)

// declaration is what the configuration file declares, as the core's types.
type declaration struct {
	rules    []entity.Rule
	entities []*entity.Entity
}

// declare brings what the file of the start declares into the store.
func (g *Gateway) declare() error {
	d, err := g.declared(g.cfg)
	if err != nil {
		return err
	}
	return g.seed(context.Background(), d)
}

// declared makes the core's types of a configuration. It changes nothing.
func (g *Gateway) declared(cfg *config.Config) (*declaration, error) {
	view := g.store.View()
	rules, err := rulesOf(cfg.Rules, view.Rules())
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	d := &declaration{rules: rules}
	for i := range cfg.Entities {
		e, err := entityOf(&cfg.Entities[i], view)
		if err != nil {
			return nil, fmt.Errorf("entity %q: %w", cfg.Entities[i].Name, err)
		}
		d.entities = append(d.entities, e)
	}
	return d, nil
}

// seed brings a declaration into the store, and takes out what is declared no more.
func (g *Gateway) seed(ctx context.Context, d *declaration) error {
	if err := g.seedRules(ctx, d.rules); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	declared := make(map[entity.Address]bool)
	for _, e := range d.entities {
		declared[e.At] = true
		if old := g.store.View().Get(e.At); old != nil && same(old, e) {
			continue
		}
		if _, err := g.store.Put(ctx, e, store.Any); err != nil {
			return fmt.Errorf("entity %q: %w", e.Name, err)
		}
	}
	for e := range g.store.View().All() {
		if e.Source == entity.FromFile && !declared[e.At] {
			if err := g.store.Delete(ctx, e.At, store.Any); err != nil {
				return fmt.Errorf("entity %q: %w", e.Name, err)
			}
		}
	}
	return nil
}

// seedRules merges the file's rules into the namespace's. A namespace without any rule gets the root rule.
func (g *Gateway) seedRules(ctx context.Context, declared []entity.Rule) error {
	for {
		old, rules := g.store.View(), slices.Clone(declared)
		for _, r := range old.Rules() {
			if r.Source != entity.FromFile && entity.FindRule(declared, r.Name) == nil {
				rules = append(rules, r)
			}
		}
		if len(rules) == 0 {
			rules = append(rules, entity.NewRule(entity.RootRule, entity.Listen|entity.Send|entity.Manage))
		}
		if slices.Equal(old.Rules(), rules) {
			return nil
		}
		err := g.store.PutRules(ctx, rules, old.RulesRevision())
		if !fail.Is(err, fail.Conflict) { // else somebody else's change came between: it stays, and this one is made again
			return err
		}
	}
}

// rulesOf makes rules of the file's. A key that the file does not give is kept from before, or made.
func rulesOf(from []config.Rule, old []entity.Rule) ([]entity.Rule, error) {
	rules := make([]entity.Rule, 0, len(from))
	for _, c := range from {
		rights, err := entity.ParseRights(c.Rights)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", c.Name, err)
		}
		if rights&entity.Manage != 0 {
			rights |= entity.Listen | entity.Send
		}
		r := entity.NewRule(c.Name, rights)
		if before := entity.FindRule(old, c.Name); before != nil {
			r.Primary, r.Secondary = before.Primary, before.Secondary
		}
		if !c.PrimaryKey.IsZero() {
			r.Primary = entity.Secret(c.PrimaryKey.Reveal())
		}
		if !c.SecondaryKey.IsZero() {
			r.Secondary = entity.Secret(c.SecondaryKey.Reveal())
		}
		r.Source = entity.FromFile
		rules = append(rules, r)
	}
	return rules, nil
}

// entityOf makes an entity of the file's.
func entityOf(c *config.Entity, view *store.View) (*entity.Entity, error) {
	at, err := entity.NewAddress("", c.Name)
	if err != nil {
		return nil, err
	}
	var old []entity.Rule
	if e := view.Get(at); e != nil {
		old = e.Rules
	}
	rules, err := rulesOf(c.Rules, old)
	if err != nil {
		return nil, err
	}
	documents, err := c.Documents()
	if err != nil {
		return nil, err
	}
	return &entity.Entity{
		Name: c.Name, At: at, Kind: entity.Kind(c.Kind), AnonymousSenders: c.AnonymousSenders, Rules: rules, Source: entity.FromFile,
		Settings: entity.Settings{
			ResponseTimeout: c.ResponseTimeout, RawRequestTarget: c.RequestTarget == "raw",
			NoPlainWebSocket: c.PlainWebSocket != nil && !*c.PlainWebSocket, EndTLS: c.TLS == "terminate", Sticky: c.Sticky, Allow: c.Allow,
			Metadata: documents, Convert: c.Conversion(),
		},
	}, nil
}

// same reports whether a stored entity is what the file declares.
func same(old, e *entity.Entity) bool {
	return old.Name == e.Name && old.Kind == e.Kind && old.AnonymousSenders == e.AnonymousSenders && old.Source == e.Source &&
		old.Settings.ResponseTimeout == e.Settings.ResponseTimeout && old.Settings.RawRequestTarget == e.Settings.RawRequestTarget &&
		old.Settings.NoPlainWebSocket == e.Settings.NoPlainWebSocket &&
		old.Settings.EndTLS == e.Settings.EndTLS && old.Settings.Sticky == e.Settings.Sticky &&
		slices.Equal(old.Settings.Allow, e.Settings.Allow) && slices.Equal(old.Settings.Metadata, e.Settings.Metadata) &&
		old.Settings.Convert.Equal(&e.Settings.Convert) && slices.Equal(old.Rules, e.Rules)
}
