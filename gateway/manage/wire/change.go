package wire

import "net/netip"

// EntityChange is the body of PUT and PATCH on an entity. A member that is nil is not written: in PUT it becomes the
// default, in PATCH it stays as it is. The members of Entity that only the gateway sets may stand in a body, so that what
// GET gave can be sent back; they do not count.
type EntityChange struct {
	Name             *string         `json:"name,omitempty"` // must be that of the address
	Kind             *string         `json:"kind,omitempty"`
	AnonymousSenders *bool           `json:"anonymousSenders,omitempty"`
	Settings         *SettingsChange `json:"settings,omitempty"`
	// Rules are those a new entity begins with. Nil: one rule that may listen and send.
	Rules *[]RuleChange `json:"rules,omitempty"`
}

// SettingsChange is the part of EntityChange that sets policies.
type SettingsChange struct {
	ResponseTimeout *Duration       `json:"responseTimeout,omitempty"` // zero: back to the default
	RequestTarget   *string         `json:"requestTarget,omitempty"`
	PlainWebSocket  *bool           `json:"plainWebSocket,omitempty"`
	TLS             *string         `json:"tls,omitempty"`
	Sticky          *bool           `json:"sticky,omitempty"`
	Allow           *[]netip.Prefix `json:"allow,omitempty"`
	// Metadata is the whole attached description: WSDL 1.1 first, then what it imports. Empty: none, the service's own counts.
	Metadata *[]DocumentChange `json:"metadata,omitempty"`
	// ListenerBinding, ServiceAddress and OneWay are those of Settings.
	ListenerBinding *string   `json:"listenerBinding,omitempty"`
	ServiceAddress  *string   `json:"serviceAddress,omitempty"`
	OneWay          *[]string `json:"oneWay,omitempty"`
}

// DocumentChange is a file of a description. One without a text is the file of that name that is there already, so that what GET gave
// can be sent back; size, which only the gateway tells, does not count.
type DocumentChange struct {
	Name *string `json:"name,omitempty"`
	Text *string `json:"text,omitempty"`
}

// RuleChange is the body of PUT and PATCH on a rule, and one rule of a new entity. A key that is nil stays, or is made.
type RuleChange struct {
	Name         *string   `json:"name,omitempty"`
	Rights       *[]string `json:"rights,omitempty"`
	PrimaryKey   *Key      `json:"primaryKey,omitempty"`
	SecondaryKey *Key      `json:"secondaryKey,omitempty"`
}

// Regenerate is the body of POST on a rule's keys.
type Regenerate struct {
	Regenerate string `json:"regenerate"` // Primary or Secondary
}

// The two keys of a rule, as Regenerate names them.
const (
	Primary   = "primary"
	Secondary = "secondary"
)

// DecodeEntity reads an EntityChange strictly. What has no problem is filled in even when something else has one.
func DecodeEntity(b []byte) (EntityChange, Problems) {
	var c EntityChange
	var d decoder
	d.body(b, members{
		"name": text(&c.Name), "kind": text(&c.Kind), "anonymousSenders": flag(&c.AnonymousSenders),
		"settings": settings(&c.Settings), "rules": rules(&c.Rules),
		"source": ignored, "createdAt": ignored, "updatedAt": ignored, "listeners": ignored, "connectionString": ignored,
	})
	return c, d.problems
}

// DecodeRule reads a RuleChange strictly, as DecodeEntity does.
func DecodeRule(b []byte) (RuleChange, Problems) {
	var c RuleChange
	var d decoder
	d.body(b, c.members())
	return c, d.problems
}

// DecodeRegenerate reads a Regenerate strictly.
func DecodeRegenerate(b []byte) (Regenerate, Problems) {
	var which *string
	var d decoder
	d.body(b, members{"regenerate": text(&which)})
	switch {
	case len(d.problems) > 0:
	case which == nil || *which != Primary && *which != Secondary:
		d.report("regenerate", "expected primary or secondary")
	default:
		return Regenerate{*which}, nil
	}
	return Regenerate{}, d.problems
}

func (c *RuleChange) members() members {
	return members{
		"name": text(&c.Name), "rights": list(&c.Rights, stringOf), "primaryKey": text(&c.PrimaryKey), "secondaryKey": text(&c.SecondaryKey),
	}
}

func settings(to **SettingsChange) member {
	return func(d *decoder, path string, raw []byte) {
		var c SettingsChange
		if d.object(path, raw, members{
			"responseTimeout": nullable(&c.ResponseTimeout, durationOf), "requestTarget": text(&c.RequestTarget),
			"plainWebSocket": flag(&c.PlainWebSocket), "tls": text(&c.TLS), "sticky": flag(&c.Sticky),
			"allow": list(&c.Allow, networkOf), "metadata": documents(&c.Metadata),
			"listenerBinding": text(&c.ListenerBinding), "serviceAddress": text(&c.ServiceAddress), "oneWay": list(&c.OneWay, stringOf),
		}) {
			*to = &c
		}
	}
}

func documents(to **[]DocumentChange) member {
	return func(d *decoder, path string, raw []byte) {
		all := []DocumentChange{}
		if d.array(path, raw, func(path string, raw []byte) {
			var c DocumentChange
			d.object(path, raw, members{"name": text(&c.Name), "text": text(&c.Text), "size": ignored})
			all = append(all, c)
		}) {
			*to = &all
		}
	}
}

func rules(to **[]RuleChange) member {
	return func(d *decoder, path string, raw []byte) {
		all := []RuleChange{}
		if d.array(path, raw, func(path string, raw []byte) {
			var c RuleChange
			d.object(path, raw, c.members())
			all = append(all, c)
		}) {
			*to = &all
		}
	}
}
