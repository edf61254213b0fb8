package testcluster

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// postTime bounds one call.
const postTime = time.Minute

// PostSOAP makes a call of SOAP 1.1 at a plain address, on a connection of its own as PHP's client does. action is the header field as it
// is sent, with its quotes. The test fails when no answer comes.
func PostSOAP(t testing.TB, address, action, envelope string) (status int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), postTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(envelope))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", action)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}
