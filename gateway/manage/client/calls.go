package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// The conditions of a request.
const (
	always = ""
	isNew  = "If-None-Match"
)

// Entities lists the relays whose name begins with prefix, of one kind; "" is all.
func (c *Client) Entities(ctx context.Context, prefix, kind string) (list []wire.Entity, err error) {
	query := url.Values{}
	for name, value := range map[string]string{"prefix": prefix, "kind": kind} {
		if value != "" {
			query.Set(name, value)
		}
	}
	target := path("entities")
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	err = c.ask(ctx, http.MethodGet, target, always, nil, &list)
	return list, err
}

// Entity shows one relay.
func (c *Client) Entity(ctx context.Context, name string) (e wire.Entity, err error) {
	err = c.ask(ctx, http.MethodGet, path("entities", name), always, nil, &e)
	return e, err
}

// CreateEntity makes a relay that must not exist yet. The answer has the connection string, which is secret.
func (c *Client) CreateEntity(ctx context.Context, name string, body wire.EntityChange) (e wire.Entity, err error) {
	err = c.ask(ctx, http.MethodPut, path("entities", name), isNew, body, &e)
	return e, err
}

// UpdateEntity changes what body names.
func (c *Client) UpdateEntity(ctx context.Context, name string, body wire.EntityChange) (e wire.Entity, err error) {
	err = c.ask(ctx, http.MethodPatch, path("entities", name), always, body, &e)
	return e, err
}

// DeleteEntity removes a relay; what it carries ends.
func (c *Client) DeleteEntity(ctx context.Context, name string) error {
	return c.ask(ctx, http.MethodDelete, path("entities", name), always, nil, nil)
}

// Listeners lists a relay's listeners on all nodes.
func (c *Client) Listeners(ctx context.Context, name string) (list []wire.Listener, err error) {
	err = c.ask(ctx, http.MethodGet, path("entities", name, "listeners"), always, nil, &list)
	return list, err
}

// DropListener ends a listener's control channels.
func (c *Client) DropListener(ctx context.Context, id string) error {
	return c.ask(ctx, http.MethodDelete, path("listeners", id), always, nil, nil)
}

// rules is the path of the rules of a relay, or of the namespace for "".
func rules(entity string, more ...string) string {
	if entity == "" {
		return path(append([]string{"rules"}, more...)...)
	}
	return path(append([]string{"entities", entity, "rules"}, more...)...)
}

// Rules lists the rules of a relay, or of the namespace for "".
func (c *Client) Rules(ctx context.Context, entity string) (list []wire.Rule, err error) {
	err = c.ask(ctx, http.MethodGet, rules(entity), always, nil, &list)
	return list, err
}

// CreateRule makes a rule that must not exist yet.
func (c *Client) CreateRule(ctx context.Context, entity, name string, body wire.RuleChange) (r wire.Rule, err error) {
	err = c.ask(ctx, http.MethodPut, rules(entity, name), isNew, body, &r)
	return r, err
}

// UpdateRule changes what body names.
func (c *Client) UpdateRule(ctx context.Context, entity, name string, body wire.RuleChange) (r wire.Rule, err error) {
	err = c.ask(ctx, http.MethodPatch, rules(entity, name), always, body, &r)
	return r, err
}

// DeleteRule removes a rule.
func (c *Client) DeleteRule(ctx context.Context, entity, name string) error {
	return c.ask(ctx, http.MethodDelete, rules(entity, name), always, nil, nil)
}

// Keys shows a rule's secrets.
func (c *Client) Keys(ctx context.Context, entity, rule string) (k wire.Keys, err error) {
	err = c.ask(ctx, http.MethodGet, rules(entity, rule, "keys"), always, nil, &k)
	return k, err
}

// Regenerate makes one of a rule's keys anew: wire.Primary or wire.Secondary.
func (c *Client) Regenerate(ctx context.Context, entity, rule, which string) (k wire.Keys, err error) {
	err = c.ask(ctx, http.MethodPost, rules(entity, rule, "keys"), always, wire.Regenerate{Regenerate: which}, &k)
	return k, err
}

// Status shows the gateway in one picture.
func (c *Client) Status(ctx context.Context) (s wire.Status, err error) {
	err = c.ask(ctx, http.MethodGet, path("status"), always, nil, &s)
	return s, err
}

// Reload has the node that answers read its configuration again. An Error with Problems means that nothing has changed.
func (c *Client) Reload(ctx context.Context) (r wire.Reloaded, err error) {
	err = c.ask(ctx, http.MethodPost, path("reload"), always, nil, &r)
	return r, err
}
