package auth_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/auth"
)

// TestCredentialHidesItself: whatever prints a credential, the token stays out of it.
func TestCredentialHidesItself(t *testing.T) {
	const token = "SharedAccessSignature sr=x&sig=secret"
	c := auth.Credential{Scheme: auth.SAS, Text: token}
	b, err := json.Marshal(map[string]auth.Credential{"cred": c})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "cred", c)
	shown := []string{string(b), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		shown = append(shown, fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c), fmt.Sprintf(verb, struct{ C auth.Credential }{c}))
	}
	for _, s := range shown {
		if strings.Contains(s, "secret") || strings.Contains(s, fmt.Sprintf("%x", "secret")) {
			t.Errorf("%q shows the token", s)
		}
	}
}
