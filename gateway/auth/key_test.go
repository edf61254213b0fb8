package auth_test

import (
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestKey: name and key of a rule, the entity's first; either key is good, none else is, and an empty key never.
func TestKey(t *testing.T) {
	own := entity.Rule{Name: "Clerk", Rights: entity.Send, Primary: "one:1", Secondary: "two"}
	wide := entity.Rule{Name: "Root", Rights: entity.Send | entity.Manage, Primary: "three"}
	shadowed := entity.Rule{Name: "clerk", Rights: entity.Manage, Primary: "four"}
	scope := auth.Scope{Entity: []entity.Rule{own}, Namespace: []entity.Rule{shadowed, wide}}
	place := auth.Place{At: entity.Address{Path: "calc"}}
	rows := []struct {
		scheme auth.Scheme
		text   string
		want   auth.Claims
		code   fail.Code
	}{
		{auth.Key, "clerk:one:1", auth.Claims{Rule: "Clerk", Rights: entity.Send, Prefix: place.At, OfEntity: true}, ""},
		{auth.Key, "CLERK:two", auth.Claims{Rule: "Clerk", Rights: entity.Send, Prefix: place.At, OfEntity: true}, ""},
		{auth.Key, "root:three", auth.Claims{Rule: "Root", Rights: entity.Send | entity.Manage, Prefix: place.At}, ""},
		{auth.Key, "clerk:four", auth.Claims{}, fail.InvalidSignature},
		{auth.Key, "clerk:one", auth.Claims{}, fail.InvalidSignature},
		{auth.Key, "root:three ", auth.Claims{}, fail.InvalidSignature},
		{auth.Key, "nobody:one", auth.Claims{}, fail.InvalidSignature},
		{auth.Key, "root:", auth.Claims{}, fail.MalformedToken},
		{auth.Key, ":three", auth.Claims{}, fail.MalformedToken},
		{auth.Key, "root", auth.Claims{}, fail.MalformedToken},
		{auth.SAS, "root:three", auth.Claims{}, fail.MalformedToken},
	}
	for _, row := range rows {
		got, err := auth.NewKey().Verify(auth.Credential{Scheme: row.scheme, Text: row.text}, scope, place, time.Time{})
		if got != row.want || (err == nil) != (row.code == "") || err != nil && !fail.Is(err, row.code) {
			t.Errorf("%s %q: %+v, %v", row.scheme, row.text, got, err)
		}
	}
}
