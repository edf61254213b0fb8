package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var trail = Trail{
	ID: "b41d2b9b-0000-4000-8000-0123456789ab", Node: 1, System: "sb://localhost/hyco",
	Time: time.Date(2026, 11, 25, 17, 13, 35, 999, time.FixedZone("", 3600)),
}

const trailText = ". TrackingId:b41d2b9b-0000-4000-8000-0123456789ab_G1, SystemTracker:sb://localhost/hyco, Timestamp:2026-11-25T16:13:35"

func TestReason(t *testing.T) {
	for message, want := range map[string]string{
		"Endpoint does not exist.":              "Endpoint does not exist" + trailText,
		"Endpoint does not exist":               "Endpoint does not exist" + trailText,
		"ExpiredToken: '2026-01-01 00:00:00Z'.": "ExpiredToken: '2026-01-01 00:00:00Z'" + trailText,
		`"q"'(){}[]<>=/,:;@\|%`:                 `"q"'(){}[]<>=/,:;@\|%` + trailText,
		"two\r\nlines\x00\x7f!":                 "two  lines  !" + trailText,
		"caf\u00e9 \u20ac":                      "caf? ?" + trailText,
		"":                                      trailText,
	} {
		if got := trail.Reason(message); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestReasonIsCapped(t *testing.T) {
	got := trail.Reason(strings.Repeat("x", 5000))
	if len(got) != 1024 || !strings.HasSuffix(got, trailText) || !strings.HasPrefix(got, "xxxx") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	long := trail
	long.System = "sb://localhost/" + strings.Repeat("p/", 3000)
	long.ID = strings.Repeat("i", 5000)
	got = long.Reason(strings.Repeat("x", 5000))
	if len(got) > 1024 || !strings.HasPrefix(got, "x") || !strings.Contains(got, ", SystemTracker:sb://localhost/p/p") || !strings.HasSuffix(got, ", Timestamp:2026-11-25T16:13:35") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

// TestListenerReason: the shape of the .NET library's own answers, one line, capped as the gateway's are.
func TestListenerReason(t *testing.T) {
	at := time.Date(2026, 11, 25, 16, 13, 35, 0, time.UTC)
	want := "Not here. TrackingId:b41d2b9b-0000-4000-8000-0123456789ab_G1, Address:https://localhost/hyco, Timestamp:2026-11-25T16:13:35"
	if got := ListenerReason("Not\nhere.", "b41d2b9b-0000-4000-8000-0123456789ab_G1", "https://localhost/hyco", at); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	long := strings.Repeat("x", 5000)
	if got := ListenerReason(long, long, long, at); len(got) > 1024 || !strings.Contains(got, ", Address:xxx") || !strings.HasSuffix(got, ", Timestamp:2026-11-25T16:13:35") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestCloseText(t *testing.T) {
	if got, want := trail.CloseText("The token is expired."), "The token is expired. TrackingId:b41d2b9b-0000-4000-8000-0123456789ab_G1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := trail.CloseText(strings.Repeat("\u00fc", 300))
	if len(got) != 123 || !strings.HasSuffix(got, "?. TrackingId:"+trail.Mark()) {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestErrorBody(t *testing.T) {
	reason := trail.Reason(`The "path" has a \ and a` + "\ttab")
	body := AppendErrorBody([]byte("x"), "EndpointNotFound", reason)[1:]
	var got map[string]map[string]string
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if diff := cmp.Diff(map[string]map[string]string{"error": {"code": "EndpointNotFound", "message": reason}}, got); diff != "" {
		t.Error(diff)
	}
	if want := `{"error":{"code":"Forbidden","message":"<a>/b"}}`; string(AppendErrorBody(nil, "Forbidden", "<a>/b")) != want {
		t.Errorf("got %s, want %s", AppendErrorBody(nil, "Forbidden", "<a>/b"), want)
	}
}

func FuzzReason(f *testing.F) {
	f.Add("Endpoint does not exist.", "sb://h/p")
	f.Add("\r\nX: y", "\xff")
	f.Fuzz(func(t *testing.T, message, system string) {
		tr := trail
		tr.System = system
		got := tr.Reason(message)
		if len(got) > 1024 || !strings.Contains(got, "TrackingId:"+tr.Mark()+", SystemTracker:") || !strings.HasSuffix(got, "Timestamp:2026-11-25T16:13:35") {
			t.Fatalf("reason %q", got)
		}
		if text := tr.CloseText(message); len(text) > 123 || !strings.HasSuffix(text, "TrackingId:"+tr.Mark()) {
			t.Fatalf("close text %q", text)
		}
		for i := range len(got) {
			if got[i] < ' ' || got[i] > '~' {
				t.Fatalf("reason %q has the byte %#x", got, got[i])
			}
		}
	})
}

// TestReasonShowsNoQuery: a token in the address of an answer would stand in every proxy's log.
func TestReasonShowsNoQuery(t *testing.T) {
	for system, want := range map[string]string{
		"sb://h:1/hyco": "sb://h:1/hyco", "sb://h/hyco?sb-hc-token=secret": "sb://h/hyco", "h:/hyco%3Fsb-hc-token=secret": "h:/hyco",
		"h:/a%3fSB-HC-Token=secret": "h:/a", "h:/a%3Fb": "h:/a%3Fb",
	} {
		got := Trail{ID: "id", System: system}.Reason("No")
		if !strings.Contains(got, ", SystemTracker:"+want+", ") {
			t.Errorf("%s is shown as %s", system, got)
		}
	}
}
