package auth_test

import (
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestCertificate: the subject's common name is a rule, the entity's first; anything else is nobody's.
func TestCertificate(t *testing.T) {
	both, sender := entity.NewRule("Client1", entity.Send), entity.NewRule("Everywhere", entity.Listen|entity.Send)
	shadowed := entity.NewRule("client1", entity.Manage)
	scope := auth.Scope{Entity: []entity.Rule{both}, Namespace: []entity.Rule{shadowed, sender}}
	place := auth.Place{At: entity.Address{Path: "calc"}}
	rows := []struct {
		scheme auth.Scheme
		name   string
		want   auth.Claims
		code   fail.Code
	}{
		{auth.Certificate, "CLIENT1", auth.Claims{Rule: "Client1", Rights: entity.Send, Prefix: place.At, OfEntity: true}, ""},
		{auth.Certificate, "everywhere", auth.Claims{Rule: "Everywhere", Rights: entity.Listen | entity.Send, Prefix: place.At}, ""},
		{auth.Certificate, "nobody", auth.Claims{}, fail.InvalidSignature},
		{auth.Certificate, "", auth.Claims{}, fail.MalformedToken},
		{auth.SAS, "Client1", auth.Claims{}, fail.MalformedToken},
		{auth.None, "Client1", auth.Claims{}, fail.MalformedToken},
	}
	for _, row := range rows {
		got, err := auth.NewCertificate().Verify(auth.Credential{Scheme: row.scheme, Text: row.name}, scope, place, time.Time{})
		if got != row.want || (err == nil) != (row.code == "") || err != nil && !fail.Is(err, row.code) {
			t.Errorf("%s %q: %+v, %v", row.scheme, row.name, got, err)
		}
	}
}
