package manage

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// listRules answers GET rules of the namespace or of an entity.
func (a *API) listRules(_ context.Context, c *call) (answer, error) {
	rules, err := a.rules(c)
	if err != nil {
		return answer{}, err
	}
	list := make([]wire.Rule, 0, len(rules))
	for i := range rules {
		list = append(list, showRule(&rules[i]))
	}
	return answer{status: http.StatusOK, body: list}, nil
}

// getRule answers GET rules/RULE.
func (a *API) getRule(_ context.Context, c *call) (answer, error) {
	r, err := a.rule(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: showRule(r)}, nil
}

// putRule answers PUT rules/RULE: it makes the rule, or replaces its rights. Keys that the body does not name stay.
func (a *API) putRule(ctx context.Context, c *call) (answer, error) {
	body, problems := wire.DecodeRule(c.body)
	if body.Rights == nil && len(problems) == 0 {
		problems = wire.Problems{{Member: "rights", Text: "is missing: give a list of Listen, Send and Manage"}}
	}
	status := http.StatusOK
	r, err := a.changeRule(ctx, c, func(old *entity.Rule) (entity.Rule, error) {
		status = http.StatusOK
		r := entity.Rule{Name: c.args["rule"], Source: entity.FromStore}
		if old == nil {
			r, status = entity.NewRule(r.Name, 0), http.StatusCreated
		} else {
			r = *old
		}
		wrong := append(slices.Clone(problems), applyRule(&r, &body)...)
		return r, problemsOf(wrong)
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: status, body: showRule(r)}, nil
}

// patchRule answers PATCH rules/RULE: what the body does not name stays.
func (a *API) patchRule(ctx context.Context, c *call) (answer, error) {
	body, problems := wire.DecodeRule(c.body)
	r, err := a.changeRule(ctx, c, func(old *entity.Rule) (entity.Rule, error) {
		if old == nil {
			return entity.Rule{}, noRule(c.args["rule"])
		}
		r := *old
		wrong := append(slices.Clone(problems), applyRule(&r, &body)...)
		return r, problemsOf(wrong)
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: showRule(r)}, nil
}

// deleteRule answers DELETE rules/RULE. Connections that it let in stay.
func (a *API) deleteRule(ctx context.Context, c *call) (answer, error) {
	return answer{}, a.changeRules(ctx, c, func(rules []entity.Rule) ([]entity.Rule, error) {
		old := entity.FindRule(rules, c.args["rule"])
		if old == nil {
			return nil, noRule(c.args["rule"])
		}
		if err := ruleChangeable(c, old); err != nil {
			return nil, err
		}
		name := old.Name // old is a place in rules, which are about to move
		return slices.DeleteFunc(rules, func(r entity.Rule) bool { return r.Name == name }), nil
	})
}

// rules gives those of the path's entity or, without one, of the namespace. They are shared.
func (a *API) rules(c *call) ([]entity.Rule, error) {
	if _, ok := c.args["entity"]; !ok {
		return a.p.Store.View().Rules(), nil
	}
	e, err := a.entity(c)
	if err != nil {
		return nil, err
	}
	return e.Rules, nil
}

// rule gives the one that the path names.
func (a *API) rule(c *call) (*entity.Rule, error) {
	rules, err := a.rules(c)
	if err != nil {
		return nil, err
	}
	r := entity.FindRule(rules, c.args["rule"])
	if r == nil {
		return nil, noRule(c.args["rule"])
	}
	return r, nil
}

// changeRule makes one change of one rule: next gives the new state for an old one, nil for none.
func (a *API) changeRule(ctx context.Context, c *call, next func(old *entity.Rule) (entity.Rule, error)) (*entity.Rule, error) {
	var made entity.Rule
	err := a.changeRules(ctx, c, func(rules []entity.Rule) ([]entity.Rule, error) {
		old := entity.FindRule(rules, c.args["rule"])
		var err error
		if made, err = next(old); err != nil {
			return nil, err
		}
		if err := ruleChangeable(c, old); err != nil {
			return nil, err
		}
		if old == nil {
			return append(rules, made), nil
		}
		*old = made
		return rules, nil
	})
	return &made, err
}

// ruleChangeable checks the request's conditions and whose the rule is. Rules have no tags: a star is all that can be asked for.
func ruleChangeable(c *call, old *entity.Rule) error {
	var revision uint64
	if old != nil {
		revision = 1
	}
	if err := c.fits(fmt.Sprintf("The rule %q", c.args["rule"]), revision); err != nil {
		return err
	}
	if old != nil && old.Source == entity.FromFile {
		return fail.Newf(fail.OwnedByFile, "The rule %q is declared in the configuration file.", old.Name)
	}
	return nil
}

// changeRules makes one change of a scope's rules. change gets a list of its own and may be called again.
func (a *API) changeRules(ctx context.Context, c *call, change func([]entity.Rule) ([]entity.Rule, error)) error {
	if _, ok := c.args["entity"]; !ok {
		return a.changeNamespace(ctx, change)
	}
	for try := 1; ; try++ {
		old, err := a.entity(c)
		if err != nil {
			return err
		}
		e := old.Clone()
		if e.Rules, err = checked(change(e.Rules)); err != nil {
			return err
		}
		if old.Source == entity.FromFile {
			return fail.Newf(fail.OwnedByFile, "The relay %q is declared in the configuration file, and its rules with it.", old.Name)
		}
		_, err = a.p.Store.Put(ctx, e, old.Revision)
		if !fail.Is(err, fail.Conflict) || try == maxTries || ctx.Err() != nil {
			return err
		}
	}
}

// changeNamespace is changeRules for the namespace's own. Its last rule that may manage stays: without one, nobody could
// make another from afar.
func (a *API) changeNamespace(ctx context.Context, change func([]entity.Rule) ([]entity.Rule, error)) error {
	for try := 1; ; try++ {
		old := a.p.Store.View()
		rules, err := checked(change(slices.Clone(old.Rules())))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(old.Rules(), manages) && !slices.ContainsFunc(rules, manages) {
			return &refusal{
				cause: fail.New(fail.Conflict, "This is the last rule of the namespace that grants Manage."),
				do:    "create another rule with Manage first",
			}
		}
		err = a.p.Store.PutRules(ctx, rules, old.RulesRevision())
		if !fail.Is(err, fail.Conflict) || try == maxTries || ctx.Err() != nil {
			return err
		}
	}
}

func manages(r entity.Rule) bool { return r.Rights&entity.Manage != 0 }

// checked passes rules on that are in order.
func checked(rules []entity.Rule, err error) ([]entity.Rule, error) {
	if err != nil {
		return nil, err
	}
	return rules, problemsOf(lines("", entity.CheckRules(rules)))
}

// applyRule sets what a body names and gives what is wrong with the values.
func applyRule(r *entity.Rule, c *wire.RuleChange) (wrong wire.Problems) {
	if c.Name != nil && !strings.EqualFold(*c.Name, r.Name) {
		wrong = append(wrong, wire.Problem{Member: "name", Text: "is not the name in the address; names cannot be changed"})
	}
	if c.Rights != nil {
		rights, err := entity.ParseRights(*c.Rights)
		if err != nil {
			wrong = append(wrong, wire.Problem{Member: "rights", Text: err.Error()})
		}
		if rights&entity.Manage != 0 {
			rights |= entity.Listen | entity.Send // as the service shows it (reference section 4.4)
		}
		r.Rights = rights
	}
	for _, k := range []struct {
		member string
		from   *wire.Key
		to     *entity.Secret
	}{{"primaryKey", c.PrimaryKey, &r.Primary}, {"secondaryKey", c.SecondaryKey, &r.Secondary}} {
		if k.from == nil {
			continue
		}
		if strings.ContainsFunc(string(*k.from), notKey) {
			wrong = append(wrong, wire.Problem{Member: k.member, Text: "expected printable characters without blanks and semicolons"})
		}
		*k.to = entity.Secret(*k.from)
	}
	return wrong
}

// notKey tells what cannot stand in a connection string's key.
func notKey(r rune) bool { return !unicode.IsPrint(r) || r == ' ' || r == ';' }

// firstRules gives a new entity its rules.
func firstRules(e *entity.Entity, from *[]wire.RuleChange) (wrong wire.Problems) {
	if from == nil {
		e.Rules = []entity.Rule{entity.NewRule(DefaultRule, entity.Listen|entity.Send)}
		return nil
	}
	for i := range *from {
		c := &(*from)[i]
		if c.Name == nil {
			wrong = append(wrong, wire.Problem{Member: "rules", Text: "each rule needs a name"})
			continue
		}
		r := entity.NewRule(*c.Name, 0)
		wrong = append(wrong, applyRule(&r, c)...)
		e.Rules = append(e.Rules, r)
	}
	return append(wrong, lines("rules", entity.CheckRules(e.Rules))...)
}

// noRules refuses rules in a change of an entity that exists: replacing them would throw keys away that are in use.
func noRules(c wire.EntityChange) wire.Problems {
	if c.Rules == nil {
		return nil
	}
	return wire.Problems{{Member: "rules", Text: "stand only in the request that makes the relay; change them below .../rules"}}
}

func showRule(r *entity.Rule) wire.Rule { return wire.Rule{Name: r.Name, Rights: r.Rights.Names()} }

// getKeys answers GET rules/RULE/keys.
func (a *API) getKeys(_ context.Context, c *call) (answer, error) {
	r, err := a.rule(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: a.keys(c, r)}, nil
}

// regenerate answers POST rules/RULE/keys: one of the two keys is made anew, the other goes on working.
func (a *API) regenerate(ctx context.Context, c *call) (answer, error) {
	body, problems := wire.DecodeRegenerate(c.body)
	if err := problemsOf(problems); err != nil {
		return answer{}, err
	}
	r, err := a.changeRule(ctx, c, func(old *entity.Rule) (entity.Rule, error) {
		if old == nil {
			return entity.Rule{}, noRule(c.args["rule"])
		}
		r := *old
		if body.Regenerate == wire.Primary {
			r.Primary = entity.NewKey()
		} else {
			r.Secondary = entity.NewKey()
		}
		return r, nil
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: a.keys(c, r)}, nil
}

// keys shows a rule's secrets.
func (a *API) keys(c *call, r *entity.Rule) wire.Keys {
	path := ""
	if e := a.p.Store.View().Get(c.at); e != nil {
		path = e.Name
	}
	return wire.Keys{
		PrimaryKey: wire.Key(r.Primary), SecondaryKey: wire.Key(r.Secondary),
		ConnectionString: a.p.ConnectionString(r.Name, string(r.Primary), path),
	}
}
