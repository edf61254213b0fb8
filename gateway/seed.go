package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
)

// seed brings what the configuration file declares into the store, and takes out what it declares no more.
func (g *Gateway) seed() error {
	ctx := context.Background()
	if err := g.seedRules(ctx); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	declared := make(map[entity.Address]bool)
	for i := range g.cfg.Entities {
		e, err := entityOf(&g.cfg.Entities[i], g.store.View())
		if err != nil {
			return fmt.Errorf("entity %q: %w", g.cfg.Entities[i].Name, err)
		}
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
func (g *Gateway) seedRules(ctx context.Context) error {
	old := g.store.View().Rules()
	rules, err := rulesOf(g.cfg.Rules, old)
	if err != nil {
		return err
	}
	for _, r := range old {
		if r.Source != entity.FromFile && entity.FindRule(rules, r.Name) == nil {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		rules = append(rules, entity.NewRule(entity.RootRule, entity.Listen|entity.Send|entity.Manage))
	}
	if slices.Equal(old, rules) {
		return nil
	}
	return g.store.PutRules(ctx, rules)
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
	return &entity.Entity{
		Name: c.Name, At: at, Kind: entity.Kind(c.Kind), AnonymousSenders: c.AnonymousSenders, Rules: rules, Source: entity.FromFile,
		Settings: entity.Settings{
			ResponseTimeout: c.ResponseTimeout, RawRequestTarget: c.RequestTarget == "raw",
			NoPlainWebSocket: c.PlainWebSocket != nil && !*c.PlainWebSocket, Allow: c.Allow,
		},
	}, nil
}

// same reports whether a stored entity is what the file declares.
func same(old, e *entity.Entity) bool {
	return old.Name == e.Name && old.Kind == e.Kind && old.AnonymousSenders == e.AnonymousSenders && old.Source == e.Source &&
		old.Settings.ResponseTimeout == e.Settings.ResponseTimeout && old.Settings.RawRequestTarget == e.Settings.RawRequestTarget &&
		old.Settings.NoPlainWebSocket == e.Settings.NoPlainWebSocket &&
		slices.Equal(old.Settings.Allow, e.Settings.Allow) && slices.Equal(old.Rules, e.Rules)
}
