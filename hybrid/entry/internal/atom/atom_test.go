package atom_test

import (
	"encoding/xml"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/atom"
)

// TestOf: the document byte for byte, since .NET's data contracts read members in one order only.
func TestOf(t *testing.T) {
	made := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.FixedZone("CET", 3600))
	e := &entity.Entity{Name: "hy<co", UserMetadata: "for & by", AnonymousSenders: true, CreatedAt: made, UpdatedAt: made.Add(time.Hour)}
	got, err := xml.Marshal(atom.Of("https://relay.example/hyco", e, 3))
	if err != nil {
		t.Fatal(err)
	}
	want := `<entry xmlns="http://www.w3.org/2005/Atom"><id>https://relay.example/hyco</id><title type="text">hy&lt;co</title>` +
		`<published>2026-01-02T02:04:05.6Z</published><updated>2026-01-02T03:04:05.6Z</updated><content type="application/xml">` +
		`<HybridConnectionDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" ` +
		`xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><CreatedAt>2026-01-02T02:04:05.6Z</CreatedAt>` +
		`<UpdatedAt>2026-01-02T03:04:05.6Z</UpdatedAt><RequiresClientAuthorization>false</RequiresClientAuthorization>` +
		`<UserMetadata>for &amp; by</UserMetadata><ListenerCount>3</ListenerCount></HybridConnectionDescription></content></entry>`
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestRefusal: status and reason, escaped.
func TestRefusal(t *testing.T) {
	got, err := xml.Marshal(atom.Refusal(401, "no <token>"))
	if want := "<Error><Code>401</Code><Detail>no &lt;token&gt;</Detail></Error>"; err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}
