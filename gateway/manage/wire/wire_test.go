package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// whole is a change with every member.
const whole = `{"name":"a","kind":"http","anonymousSenders":true,"settings":{"responseTimeout":"1m30s","requestTarget":"raw",` +
	`"plainWebSocket":false,"tls":"terminate","sticky":true,"allow":["10.0.0.0/8","::1/128"],"listenerBinding":"netTcp","serviceAddress":"net.tcp://h/calc","oneWay":["urn:a"]},"rules":[{"name":"R","rights":["Send"],"primaryKey":"one","secondaryKey":"two"}]}`

// TestRoundTrip: what a client writes is what the server reads, every member of it.
func TestRoundTrip(t *testing.T) {
	c, problems := wire.DecodeEntity([]byte(whole))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, string(b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	empty, err := json.Marshal(wire.EntityChange{})
	if err != nil || string(empty) != "{}" {
		t.Errorf("a change of nothing is %s, %v", empty, err)
	}
	zero := wire.Duration(0)
	b, err = json.Marshal(wire.EntityChange{Settings: &wire.SettingsChange{ResponseTimeout: &zero, Allow: &[]netip.Prefix{}}})
	if want := `{"settings":{"responseTimeout":null,"allow":[]}}`; err != nil || string(b) != want {
		t.Errorf("back to the defaults is %s, %v; want %s", b, err, want)
	}
	back, problems := wire.DecodeEntity(b)
	if len(problems) > 0 || *back.Settings.ResponseTimeout != 0 || len(*back.Settings.Allow) != 0 {
		t.Errorf("read back %+v, %v", back.Settings, problems)
	}
}

// TestEveryMember: no member of the types is unknown to the decoder, and none that it knows is missing in the types.
func TestEveryMember(t *testing.T) {
	for _, v := range []any{wire.EntityChange{}, wire.Entity{}} {
		for field := range reflect.TypeOf(v).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			_, problems := wire.DecodeEntity(fmt.Appendf(nil, `{%q:0}`, name))
			if strings.Contains(problems.Error(), "unknown") {
				t.Errorf("%T.%s: %v", v, name, problems)
			}
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{``, ""}, {` {} `, ""},
		{`null`, "expected an object"},
		{`{"kind":1,"kind":"x","name":{}}`, "kind: expected a text in quotes; kind: stands twice; name: expected a text in quotes"},
		{`{"Kind":"x"}`, `unknown member "Kind"; did you mean "kind"?`},
		{`{"settings":{"allow":[[]]}}`, "settings.allow[0]: expected a network such as 192.0.2.0/24, or a single IP address"},
		{`{"settings":{"allow":["fe80::1%eth0"]}}`, "settings.allow[0]: expected a network such as 192.0.2.0/24, or a single IP address"},
		{`{"settings":{"responseTimeout":"1"}}`, "settings.responseTimeout: expected a duration from 1ms to 24h, such as 90s or 1m30s, or null for the default"},
		{`{"rules":[1,{"right":[]}]}`, `rules[0]: expected an object; rules[1]: unknown member "right"; did you mean "rights"?`},
		{`{"a b":1}`, "unknown member; here stand anonymousSenders, connectionString, createdAt, kind, listeners, name, rules, settings, source, updatedAt"},
	} {
		_, problems := wire.DecodeEntity([]byte(c.body))
		if diff := cmp.Diff(c.want, problems.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, diff)
		}
	}
	many := "{" + strings.Repeat(`"x":1,`, 1000) + `"x":1}`
	if _, problems := wire.DecodeEntity([]byte(many)); len(problems) != 20 {
		t.Errorf("%d problems are told", len(problems))
	}
	deep := strings.Repeat(`{"settings":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	if _, problems := wire.DecodeEntity([]byte(deep)); len(problems) == 0 {
		t.Error("a very deep body is taken")
	}
}

// TestFilled: what is right is read even beside what is wrong, so that all checks of values can run too.
func TestFilled(t *testing.T) {
	c, problems := wire.DecodeEntity([]byte(`{"name":1,"kind":"http","settings":{"allow":1,"requestTarget":"raw"}}`))
	if len(problems) != 2 || c.Name != nil || *c.Kind != "http" || *c.Settings.RequestTarget != "raw" || c.Settings.Allow != nil {
		t.Errorf("%+v, %v", c, problems)
	}
}

func TestRegenerate(t *testing.T) {
	for body, want := range map[string]string{
		`{"regenerate":"primary"}`: "primary", `{"regenerate":"secondary"}`: "secondary",
		``: "", `{}`: "", `{"regenerate":"both"}`: "", `{"regenerate":null}`: "", `{"regenerate":"primary","x":1}`: "",
	} {
		got, problems := wire.DecodeRegenerate([]byte(body))
		if got.Regenerate != want || (want == "") != (len(problems) > 0) {
			t.Errorf("%s gives %+v, %v", body, got, problems)
		}
	}
}

// TestSecretsStayInside: a key shows itself in JSON alone, and a problem holds no value.
func TestSecretsStayInside(t *testing.T) {
	key := wire.Key("very-secret")
	keys := wire.Keys{PrimaryKey: key}
	if text := fmt.Sprintf("%v %s %#v %+v %#v", key, key, key, keys, keys); strings.Contains(text, "very-secret") {
		t.Errorf("shown in %s", text)
	}
	_, problems := wire.DecodeRule([]byte(`{"rights":"very-secret","primaryKey":["very-secret"],"very-secret-as-the-name-of-some-member":1}`))
	if text := problems.Error(); strings.Contains(text, "very-secret") {
		t.Errorf("shown in %s", text)
	}
}

func TestDuration(t *testing.T) {
	var v struct {
		D wire.Duration `json:"d"`
	}
	for text, good := range map[string]bool{`"1ms"`: true, `"24h"`: true, `null`: true, `"24h0m1s"`: false, `"0s"`: false, `"-1s"`: false, `5`: false, `""`: false} {
		v.D = 7
		err := json.Unmarshal([]byte(`{"d":`+text+`}`), &v)
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
		if text == "null" && v.D != 0 {
			t.Errorf("null is %d", v.D)
		}
	}
}

// FuzzDecode: nothing that is read can break the decoder, and what it takes comes back the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		whole, `{}`, ``, `{"settings":{"responseTimeout":null,"allow":["::1"]}}`, `{"rights":["Send","Listen"],"primaryKey":"x"}`,
		`{"regenerate":"primary"}`, `[[[[`, `{"a":{"a":1}}`, `{"rules":[{},{"name":"\ud800"}]}`, "{\"\\u0000\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, problems := wire.DecodeEntity(b); len(problems) == 0 {
			again, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			back, problems := wire.DecodeEntity(again)
			if len(problems) > 0 {
				t.Fatalf("%s came back as %v", again, problems)
			}
			twice, err := json.Marshal(back)
			if err != nil || !bytes.Equal(twice, again) {
				t.Fatalf("%s came back as %s, %v", again, twice, err)
			}
		}
		_, _ = wire.DecodeRule(b)
		if r, problems := wire.DecodeRegenerate(b); (r.Regenerate == "") != (len(problems) > 0) {
			t.Fatalf("%+v and %v", r, problems)
		}
	})
}
