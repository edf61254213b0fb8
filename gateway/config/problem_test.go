package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problemCases pin the text and the place of every kind of problem a file can have.
var problemCases = []struct {
	name string
	file string
	want []string
}{
	{"connectors", "connectors:\n  - {listen: a, forward: b}\n  - listen: a\n    target: localhost:22\n  - {forward: a, bind: ':1', host: x}\n  - {forward: a, bind: ':1'}\n  - {forward: b, bind: ':1'}\n", []string{
		`causeway.yaml:2:26 connectors[0].forward: expected listen or forward, not both; write two connectors`,
		`causeway.yaml:4:13 connectors[1].target: expected tcp://HOST:PORT, net.tcp://HOST:PORT, unix:///PATH, http://HOST:PORT or https://HOST:PORT; did you mean tcp://localhost:22?`,
		`causeway.yaml:5:36 connectors[2].host: belongs to a target of http or https`,
		`causeway.yaml:6:24 connectors[3].bind: another connector has this address; give each its own; the other is at causeway.yaml:5:5`,
		`causeway.yaml:7:24 connectors[4].bind: another connector has this address; give each its own; the other is at causeway.yaml:5:5`}},
	{"connection string", "connectors:\n  - {forward: a, bind: ':1', connectionString: 'Endpoint=x'}\n  - {forward: a, bind: ':2', connectionString: env:NOT_THERE}\n", []string{
		`causeway.yaml:3:48 connectors[1].connectionString: the environment variable is not set or empty`}},
	{"unknown key", "hots: []\n", []string{
		`causeway.yaml:1:1 unknown key "hots"; did you mean "host"?`}},
	{"unknown nested key", "limits:\n  # comment\n  listeners_per_entity: 3\n", []string{
		`causeway.yaml:3:3 unknown key "listeners_per_entity"; did you mean "listenersPerEntity"?`}},
	{"key in other case", "HTTPS: :1\n", []string{
		`causeway.yaml:1:1 unknown key "HTTPS"; did you mean "https"?`}},
	{"key of another group", "pendingPerSource: 3\n", []string{
		`causeway.yaml:1:1 unknown key "pendingPerSource"; did you mean "limits.pendingPerSource"?`}},
	{"key near nothing", "metrics:\n  colour: red\n", []string{
		`causeway.yaml:2:3 unknown key "colour"; here stand perEntity`}},
	{"key that does not look like one", "metrics:\n  'a b/c=': 1\n", []string{
		`causeway.yaml:2:3 unknown key; here stand perEntity`}},
	{"later key", "host: a\nmqtts: :8883\namqps: :5671\n", []string{
		`causeway.yaml:2:1 "mqtts" is not available in this version`,
		`causeway.yaml:3:1 "amqps" is not available in this version`}},
	{"later role", "hosts:\n  - {name: a, roles: [relay, signalr]}\n", []string{
		`causeway.yaml:2:30 hosts[0].roles[1]: this value is not available in this version; expected relay`}},
	{"later door", "advertise: [{door: amqps, address: 'a:1'}]\n", []string{
		`causeway.yaml:1:20 advertise[0].door: this value is not available in this version; expected one of https, http, nettcp`}},
	{"repeated key", "host: a\nhttps: :1\nhost: b\n", []string{
		`causeway.yaml:3:1 repeated key "host"; the first is at causeway.yaml:1:1`}},
	{"text for a group", "limits: 5\n", []string{
		`causeway.yaml:1:9 limits: expected keys with values: listenersPerEntity, connections, headBytes, pending, pendingPerSource, castMessage`}},
	{"list for the file", "- host: a\n", []string{
		`causeway.yaml:1:1 expected keys with values: ` + strings.Join(tree().keys(), ", ")}},
	{"text for a list", "rules: all\nentities: {name: a}\n", []string{
		`causeway.yaml:1:8 rules: expected a list; begin each element with a hyphen, or write [A, B]`,
		`causeway.yaml:2:11 entities: expected a list; begin each element with a hyphen, or write [A, B]`}},
	{"list for text", "host: [a]\n", []string{
		`causeway.yaml:1:7 host: expected a host name or an IP address, without port`}},
	{"required key without value", "rules: [{name, rights: ~}]\n", []string{
		`causeway.yaml:1:14 rules[0].name: expected a value`,
		`causeway.yaml:1:24 rules[0].rights: expected a value`}},
	{"empty element", "entities:\n  -\n  - name: a\n    allow: [~]\n", []string{
		`causeway.yaml:2:4 entities[0]: expected keys with values: name, kind, anonymousSenders, responseTimeout, requestTarget, plainWebSocket, tls, sticky, allow, metadata, listenerBinding, serviceAddress, oneWay, rules`,
		`causeway.yaml:4:13 entities[1].allow[0]: expected a network such as 192.0.2.0/24 or a single IP address`}},
	{"conversion", "entities:\n  - {name: a, listenerBinding: webHttp}\n  - {name: b, oneWay: [urn:b]}\n", []string{
		`causeway.yaml:2:32 entities[0].listenerBinding: nothing can become webHttp: a web request has no envelope and no action, so nothing says which operation of the contract it asks for; 'causeway bindings --pairs' lists what can be converted`,
		`causeway.yaml:3:23 entities[1].oneWay: belongs to listenerBinding: without a conversion messages pass as they are`}},
	{"number for text", "entities:\n  - name: 2024\n", []string{
		`causeway.yaml:2:11 entities[0].name: expected a path of at most 260 characters such as orders or plant/line1, without ? # % \ and empty segments, not beginning with $; YAML reads this one as something else than text, so quote it`}},
	{"bool for text", "host: true\n", []string{
		`causeway.yaml:1:7 host: expected a host name or an IP address, without port; YAML reads this one as something else than text, so quote it`}},
	{"text for number", "limits:\n  pending: many\n", []string{
		`causeway.yaml:2:12 limits.pending: expected a whole number from 1 to 10000000`}},
	{"quoted number", "limits:\n  pending: \"5\"\n", []string{
		`causeway.yaml:2:12 limits.pending: expected a whole number from 1 to 10000000`}},
	{"numbers in other spellings", "limits: {pending: 0x10, connections: 1_000, headBytes: 02000, pendingPerSource: 1.5}\n", []string{
		`causeway.yaml:1:19 limits.pending: expected a whole number from 1 to 10000000`,
		`causeway.yaml:1:38 limits.connections: expected a whole number from 1 to 10000000`,
		`causeway.yaml:1:56 limits.headBytes: expected a whole number from 1024 to 1048576`,
		`causeway.yaml:1:81 limits.pendingPerSource: expected a whole number from 1 to 10000000`}},
	{"number out of range", "limits: {pending: 0, connections: 99999999999999999999, headBytes: 1023}\n", []string{
		`causeway.yaml:1:19 limits.pending: expected a whole number from 1 to 10000000`,
		`causeway.yaml:1:35 limits.connections: expected a whole number from 1 to 10000000`,
		`causeway.yaml:1:68 limits.headBytes: expected a whole number from 1024 to 1048576`}},
	{"text for bool", "allowPlainTokens: yes\n", []string{
		`causeway.yaml:1:19 allowPlainTokens: expected true or false`}},
	{"durations", "timeouts:\n  head: 10\n  accept: 10 s\n  response: -1s\n  idle: 0s\n  write: 25h\n  drain: 5\u00b5s\n  tokenGrace: soon\n", []string{
		`causeway.yaml:2:9 timeouts.head: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`causeway.yaml:3:11 timeouts.accept: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`causeway.yaml:4:13 timeouts.response: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`causeway.yaml:5:9 timeouts.idle: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`causeway.yaml:6:10 timeouts.write: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`causeway.yaml:7:10 timeouts.drain: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`causeway.yaml:8:15 timeouts.tokenGrace: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`}},
	{"addresses", "https: 8443\nhttp: 127.0.0.1\nadmin: 127.0.0.1:99999\n", []string{
		`causeway.yaml:1:8 https: expected an address such as 127.0.0.1:8443, :8443 or "[::1]:8443", or off`,
		`causeway.yaml:2:7 http: expected an address such as 127.0.0.1:8443, :8443 or "[::1]:8443", or off`,
		`causeway.yaml:3:8 admin: expected an address such as 127.0.0.1:8443, :8443 or "[::1]:8443", or off`}},
	{"doors on one address", "http: 127.0.0.1:8443\nadmin: :0\n", []string{
		`causeway.yaml:1:7 http: the door https has this address; give each door its own`}},
	{"door on a default address", "https: 127.0.0.1:9090\n", []string{
		`causeway.yaml:1:8 https: the door admin has this address; give each door its own`}},
	{"host with port", "host: a:443\n", []string{
		`causeway.yaml:1:7 host: expected a host name or an IP address, without port`}},
	{"advertise", "advertise:\n  - door: https\n    address: :443\n  - {door: https, address: 'a:0'}\n  - {}\n", []string{
		`causeway.yaml:3:14 advertise[0].address: expected an address such as relay.example.com:443, with a host and a port from 1 to 65535`,
		`causeway.yaml:4:12 advertise[1].door: repeats the door at causeway.yaml:2:11`,
		`causeway.yaml:4:28 advertise[1].address: expected an address such as relay.example.com:443, with a host and a port from 1 to 65535`,
		`causeway.yaml:5:5 advertise[2]: the key "door" is missing here`,
		`causeway.yaml:5:5 advertise[2]: the key "address" is missing here`}},
	{"choices", "log: {level: warning, format: xml}\nentities: [{name: a, kind: Hybrid, requestTarget: raws}]\n", []string{
		`causeway.yaml:1:14 log.level: expected one of debug, info, warn, error`,
		`causeway.yaml:1:31 log.format: expected one of text, json`,
		`causeway.yaml:2:28 entities[0].kind: expected one of hybrid, nettcp, http, oneway, event; did you mean "hybrid"?`,
		`causeway.yaml:2:51 entities[0].requestTarget: expected one of service, raw; did you mean "raw"?`}},
	{"rights", "rules:\n  - name: a\n    rights: [listen, Sned, Own, Listen, Listen]\n  - {name: b, rights: []}\n  - name: c\n", []string{
		`causeway.yaml:3:13 rules[0].rights: expected at most 3 elements`,
		`causeway.yaml:4:23 rules[1].rights: expected at least one element`,
		`causeway.yaml:5:5 rules[2]: the key "rights" is missing here`}},
	{"right names", "rules:\n  - {name: a, rights: [listen, Sned, Own]}\n  - {name: b, rights: [Send, Send]}\n", []string{
		`causeway.yaml:2:24 rules[0].rights[0]: expected one of Listen, Send, Manage; did you mean "Listen"?`,
		`causeway.yaml:2:32 rules[0].rights[1]: expected one of Listen, Send, Manage; did you mean "Send"?`,
		`causeway.yaml:2:38 rules[0].rights[2]: expected one of Listen, Send, Manage`,
		`causeway.yaml:3:30 rules[1].rights[1]: repeats the value at causeway.yaml:3:24`}},
	{"rule names", "rules:\n  - {name: 'a b', rights: [Send]}\n  - {name: Root, rights: [Send]}\n  - {name: root, rights: [Send]}\n  - {name: Root, rights: [Send]}\n", []string{
		`causeway.yaml:2:12 rules[0].name: expected 1 to 256 letters, digits, dots, hyphens or underscores`,
		`causeway.yaml:4:12 rules[2].name: differs only in case from the name at causeway.yaml:3:12; names are found whatever their case`,
		`causeway.yaml:5:12 rules[3].name: repeats the name at causeway.yaml:3:12`}},
	{"one rule name in two scopes", "rules: [{name: a, rights: [Send]}]\nentities: [{name: a, rules: [{name: a, rights: [Send]}]}]\n", nil},
	{"entity names", "entities:\n  - name: a//b\n  - name: $hc\n  - name: ''\n  - name: a?b\n  - name: /x/\n  - name: x\n  - name: ..\n", []string{
		entityName(2, 0), entityName(3, 1), entityName(4, 2), entityName(5, 3),
		`causeway.yaml:7:11 entities[5].name: differs only in case from the name at causeway.yaml:6:11; names are found whatever their case`,
		entityName(8, 6)}},
	{"networks", "entities: [{name: a, allow: [10.0.0.0/33, '::1', 1.2.3, fe80::1%eth0]}]\n", []string{
		`causeway.yaml:1:30 entities[0].allow[0]: expected a network such as 192.0.2.0/24 or a single IP address`,
		`causeway.yaml:1:50 entities[0].allow[2]: expected a network such as 192.0.2.0/24 or a single IP address`,
		`causeway.yaml:1:57 entities[0].allow[3]: expected a network such as 192.0.2.0/24 or a single IP address`}},
	{"pending", "limits:\n  pending: 10\n  pendingPerSource: 11\n", []string{
		`causeway.yaml:3:21 limits.pendingPerSource: expected no more than limits.pending`}},
	{"small pending alone", "limits: {pending: 10}\n", nil},
	{"too many rules", "rules: [" + strings.Repeat("{},", 13) + "]\n", []string{
		`causeway.yaml:1:8 rules: expected at most 12 elements`}},
	{"half of tls", "tls:\n  cert: gone.pem\n", []string{
		`causeway.yaml:2:9 tls.cert: expected tls.key beside it`,
		`causeway.yaml:2:9 tls.cert: the file does not exist`}},
	{"other half of tls", "tls:\n  key: .\n", []string{
		`causeway.yaml:2:8 tls.key: expected tls.cert beside it`,
		`causeway.yaml:2:8 tls.key: the file is a folder, not a file`}},
	{"anchors", "host: &h a\nlimits: &l {pending: 5}\n", []string{
		`causeway.yaml:1:7 host: ` + noAnchors,
		`causeway.yaml:2:9 limits: ` + noAnchors}},
	{"aliases and merge keys", "rules:\n  - &r {name: a, rights: [Send]}\n  - *r\n  - <<: *r\n    name: b\n    rights: [Send]\n", []string{
		`causeway.yaml:2:5 rules[0]: ` + noAnchors,
		`causeway.yaml:3:5 rules[1]: ` + noAnchors,
		`causeway.yaml:4:5 rules[2]: ` + noAnchors}},
	{"own tags", "host: !name a\n", []string{
		`causeway.yaml:1:7 host: expected a host name or an IP address, without port; YAML reads this one as something else than text, so quote it`}},
	{"list as a key", "? [a]\n: b\n", []string{
		`causeway.yaml:1:3 ` + noAnchors}},
	{"two documents", "host: a\n---\nhost: b\n", []string{
		`causeway.yaml:2:1 a second document begins here; keep one in the file`}},
	{"order and all at once", "log: {level: x}\nentities: [{name: a, kind: x}, {name: A}]\nhots: 1\nhttps: x\n", []string{
		`causeway.yaml:1:14 log.level: expected one of debug, info, warn, error`,
		`causeway.yaml:2:28 entities[0].kind: expected one of hybrid, nettcp, http, oneway, event`,
		`causeway.yaml:2:39 entities[1].name: differs only in case from the name at causeway.yaml:2:19; names are found whatever their case`,
		`causeway.yaml:3:1 unknown key "hots"; did you mean "host"?`,
		`causeway.yaml:4:8 https: expected an address such as 127.0.0.1:8443, :8443 or "[::1]:8443", or off`}},
}

func TestProblems(t *testing.T) {
	for _, c := range problemCases {
		t.Run(c.name, func(t *testing.T) {
			cfg, problems := load(t, c.file, nil, nil)
			if diff := cmp.Diff(c.want, lines(problems)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (cfg == nil) != (len(c.want) > 0) {
				t.Errorf("settings %v beside %d problems", cfg != nil, len(c.want))
			}
		})
	}
}

func entityName(line, index int) string {
	return "causeway.yaml:" + string(rune('0'+line)) + ":11 entities[" + string(rune('0'+index)) +
		"].name: expected a path of at most 260 characters such as orders or plant/line1, without ? # % \\ and empty segments, not beginning with $"
}

// TestSyntax pins the place and the advice for YAML that cannot be parsed.
func TestSyntax(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"tab", "limits:\n  pending: 5\n\thead: 3\n", "causeway.yaml:3:1 a tab indents this line; YAML takes spaces only"},
		{"indentation", "host: a\nlimits:\n  pending: 5\n bad: 3\n", "causeway.yaml:4:2 the line does not fit those above; check the indentation"},
		{"deeper than the line above", "host: a\n  http: off\n", "causeway.yaml:2:3 a key stands where it cannot; check the indentation, and quote a text that holds a colon and a space"},
		{"colon in a text", "host: a: b\n", "causeway.yaml:1:1 a key stands where it cannot; check the indentation, and quote a text that holds a colon and a space"},
		{"open quote", "host: a\n\ndata: \"x\nhttp: off\n", "causeway.yaml:3:1 a quote that opens here is not closed"},
		{"open bracket", "host: a\nhosts: [\nhttp: off\n", "causeway.yaml:2:1 a bracket that opens here is not closed; quote a text that begins with [ or {"},
		{"bracket of an address", "http: off\nhttps: [::1]:8443\n", "causeway.yaml:2:1 a text that begins with [, {, &, *, ! or |, and inside [ ] one that begins with :, must be quoted"},
		{"backslash", "data: \"C:\\Data\"\n", "causeway.yaml:1:1 an escape in double quotes is unknown; write \\\\ for a backslash or use single quotes"},
		{"at sign", "host: a\ndata: @home\n", "causeway.yaml:2:1 a text that begins with @, ` or % must be quoted"},
		{"alias of nothing", "host: a\ndata: *home\n", "causeway.yaml:2:1 " + noAnchors},
		{"list among keys", "host: a\n- b\n", "causeway.yaml:2:1 the line does not fit those above; check the indentation"},
		{"control character", "host: \x01\n", "causeway.yaml:1:1 a control character stands here; remove it"},
		{"deep", strings.Repeat("[", 20000), "causeway.yaml:1:1 lists or keys are nested too deep"},
		{"in a second document", "host: a\n---\n\tb\n", "causeway.yaml:3:1 a tab indents this line; YAML takes spaces only"},
		{"directive", "%causeway\n---\nhost: a\n", "causeway.yaml:1:1 the file is no valid YAML from here on"},
		{"not UTF-8", "host: a\ndata: \"\u00e4\xff\"\n", "causeway.yaml:2:9 the file is not UTF-8 text; save it as UTF-8"},
		{"UTF-16", "\xff\xfeh\x00", "causeway.yaml:1:1 the file is not UTF-8 text; save it as UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := load(t, c.file, nil, nil)
			if diff := cmp.Diff([]string{c.want}, lines(problems)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if c, problems := load(t, "\xef\xbb\xbfhost: a\r\nhttp: off\r\n", nil, nil); len(problems) > 0 || c.Host != "a" {
		t.Errorf("byte order mark and CRLF: %v", problems)
	}
}

func TestFileProblems(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "gone.yaml"), " the file does not exist"},
		{dir, " the file is a folder, not a file"},
		{big, " the file is larger than 2097152 bytes"},
	} {
		cfg, problems := Load(Params{File: c.path, Env: []string{}})
		if diff := cmp.Diff([]string{c.path + c.want}, lines(problems)); diff != "" || cfg != nil {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestTooManyProblems(t *testing.T) {
	_, problems := load(t, "entities:\n"+strings.Repeat("  - kind: x\n", 5000), nil, nil)
	if len(problems) != maxProblems+1 {
		t.Fatalf("%d problems", len(problems))
	}
	if got := lines(problems)[0]; got != "causeway.yaml there are more problems; mend these first" {
		t.Errorf("first line %q", got)
	}
}

func TestEnvironmentAndFlagProblems(t *testing.T) {
	env := []string{
		"CAUSEWAY_LIMITS_PENDING=many", "CAUSEWAY_TIMEOUTS_ACCEPT=30", "CAUSEWAY_HTTPS=8443", "CAUSEWAY_ALLOWPLAINTOKENS=yes",
		"CAUSEWAY_LOG_LEVEL=Debug", "CAUSEWAY_LIMITS_PENDINGPERSOURCE=20000",
		"OTHER_THING=1", "CAUSEWAY_CONNECTION_STRING=x", "CAUSEWAY_CA_FILE=x", "CAUSEWAY_INTEROP_MONO=1", "CAUSEWAY_TEST_X=1", "CAUSEWAY_EMPTY=",
		"CAUSEWAY_READY_FILE=x", "CAUSEWAY_LISTENERS=x", "CAUSEWAY_ENTITIES=x", "CAUSEWAY_RULES_0_NAME=x", "CAUSEWAY_MQTTS=:1",
		"CAUSEWAY_TLS_ACME_HOSTS=x", "CAUSEWAY_QUITE_DIFFERENT=x", "CAUSEWAY_CONNECTION_STRIN=x",
		"CAUSEWAY_PORT=tcp://10.0.0.1:443", "CAUSEWAY_SERVICE_HOST=10.0.0.1", "CAUSEWAY_SERVICE_PORT_HTTPS=443", "CAUSEWAY_PORT_443_TCP_ADDR=10.0.0.1",
		"CAUSEWAY_ADMIN_SERVICE_PORT=9090",
	}
	flags := map[string]string{
		"http": "x", "timeouts.drain": "1", "nosuch": "1", "entities": "1",
		"advertise": "https,http=a,https=a:1,amqps=a:1,https=b:1",
	}
	want := []string{
		`CAUSEWAY_ALLOWPLAINTOKENS: expected true or false`,
		`CAUSEWAY_HTTPS: expected an address such as 127.0.0.1:8443, :8443 or "[::1]:8443", or off`,
		`CAUSEWAY_LIMITS_PENDING: expected a whole number from 1 to 10000000`,
		`CAUSEWAY_LOG_LEVEL: expected one of debug, info, warn, error; did you mean "debug"?`,
		`CAUSEWAY_TIMEOUTS_ACCEPT: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
		`warning: CAUSEWAY_CONNECTION_STRIN: nothing reads this variable; did you mean "CAUSEWAY_CONNECTION_STRING"?`,
		`warning: CAUSEWAY_ENTITIES: the list entities is not set from the environment; write it in the file`,
		`warning: CAUSEWAY_LISTENERS: nothing reads this variable`,
		`warning: CAUSEWAY_MQTTS: is not available in this version`,
		`warning: CAUSEWAY_QUITE_DIFFERENT: nothing reads this variable`,
		`warning: CAUSEWAY_READY_FILE: nothing reads this variable; did you mean "CAUSEWAY_READYFILE"?`,
		`warning: CAUSEWAY_RULES_0_NAME: the list rules is not set from the environment; write it in the file`,
		`warning: CAUSEWAY_TLS_ACME_HOSTS: the list tls.acme.hosts is not set from the environment; write it in the file`,
		`--advertise: expected DOOR=HOST:PORT, more of them after commas`,
		`--advertise: expected an address such as relay.example.com:443, with a host and a port from 1 to 65535`,
		`--advertise: this value is not available in this version; expected one of https, http, nettcp`,
		`--advertise: the door https stands twice`,
		`entities: no setting has this path`,
		`--http: expected an address such as 127.0.0.1:8443, :8443 or "[::1]:8443", or off`,
		`nosuch: no setting has this path`,
		`timeouts.drain: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m`,
	}
	cfg, problems := load(t, "", env, flags)
	if cfg != nil {
		t.Error("settings given in spite of problems")
	}
	if diff := cmp.Diff(want, lines(problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cfg, problems = load(t, "", []string{"CAUSEWAY_LIMITS_PENDINGPERSOURCE=20000"}, nil)
	if diff := cmp.Diff([]string{"CAUSEWAY_LIMITS_PENDINGPERSOURCE: expected no more than limits.pending"}, lines(problems)); diff != "" || cfg != nil {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cfg, problems = load(t, "", []string{"CAUSEWAY_LISTENERS=x"}, nil)
	if cfg == nil || problems.Err() != nil || len(problems) != 1 {
		t.Errorf("a warning alone: %v %v", cfg, problems)
	}
}

func TestSecretProblems(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("open", "c2VjcmV0", 0o644)
	put("group", "c2VjcmV0", 0o640)
	put("long", strings.Repeat("x", 257), 0o600)
	put("huge", strings.Repeat("x", maxSecretFile+1), 0o600)
	put("lines", "c2Vj\ncmV0\n", 0o600)
	put("empty", "\n", 0o600)
	rule := func(key string) string { return "  - {name: a, rights: [Send], primaryKey: '" + key + "'}\n" }
	const shape = "1 to 256 printable characters without spaces"
	for _, c := range []struct {
		key, want string
		warning   bool
	}{
		{key: "", want: "expected " + shape + ", env:NAME or file:PATH"},
		{key: "two words", want: "expected " + shape + ", env:NAME or file:PATH"},
		{key: strings.Repeat("k", 257), want: "expected " + shape + ", env:NAME or file:PATH"},
		{key: "env:", want: "the environment variable is not set or empty"},
		{key: "env:GONE", want: "the environment variable is not set or empty"},
		{key: "env:BAD", want: "expected " + shape + ", env:NAME or file:PATH in the environment variable"},
		{key: "env:GOOD"},
		{key: "file:", want: "expected a path after file:"},
		{key: "file:gone", want: "the file does not exist"},
		{key: "file:.", want: "the file is no ordinary file"},
		{key: "file:long", want: "expected " + shape + " in the file"},
		{key: "file:huge", want: "the file is larger than 4096 bytes"},
		{key: "file:lines", want: "expected " + shape + " in the file"},
		{key: "file:empty", want: "expected " + shape + " in the file"},
		{key: "file:group"},
		{key: "file:open", warning: true, want: "the file has mode 644, so others than its owner can read or change it; use chmod 600, or 640 with a group of its own"},
		{key: "c2VjcmV0"},
	} {
		t.Run(c.key, func(t *testing.T) {
			if c.warning && runtime.GOOS == "windows" {
				t.Skip("files have no mode")
			}
			path := put("causeway.yaml", "rules:\n"+rule(c.key), 0o600)
			cfg, problems := Load(Params{File: path, Env: []string{"GOOD=c2VjcmV0", "BAD=a b"}})
			var want []string
			if c.want != "" {
				want = []string{path + ":2:43 rules[0].primaryKey: " + c.want}
				if c.warning {
					want[0] = strings.Replace(want[0], ":43 ", ":43 warning: ", 1)
				}
			}
			if diff := cmp.Diff(want, lines(problems)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if (cfg != nil) != (c.want == "" || c.warning) {
				t.Fatalf("settings: %v", cfg)
			}
			if cfg != nil && !cfg.Rules[0].PrimaryKey.Equal(NewSecret("c2VjcmV0")) {
				t.Errorf("another key came out")
			}
		})
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := put("causeway.yaml", "rules:\n"+rule("c2VjcmV0"), 0o664)
	cfg, problems := Load(Params{File: path, Env: []string{}})
	want := path + ":2:43 warning: this key stands in a file that has mode 664, so others than its owner can read or change it; " +
		"use chmod 600, or 640 with a group of its own, or write env:NAME or file:PATH instead of the key"
	if diff := cmp.Diff([]string{want}, lines(problems)); diff != "" || cfg == nil {
		t.Errorf("open file with a key (-want +got):\n%s", diff)
	}
}

func TestTLSFiles(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"c.pem": 0o644, "k.pem": 0o644} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("pem"), mode); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "causeway.yaml")
	if err := os.WriteFile(path, []byte("tls: {cert: c.pem, key: k.pem}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, problems := Load(Params{File: path, Env: []string{}})
	if cfg == nil || cfg.TLS.Cert != filepath.Join(dir, "c.pem") || cfg.TLS.Key != filepath.Join(dir, "k.pem") {
		t.Fatalf("%v %v", cfg, problems)
	}
	if want := path + ":1:25 warning: tls.key: the file has mode 644"; runtime.GOOS != "windows" &&
		(len(problems) != 1 || !strings.HasPrefix(problems.Error(), want)) {
		t.Errorf("problems %v, want one that begins %q", problems, want)
	}
	_, problems = Load(Params{File: path, Env: []string{"CAUSEWAY_TLS_KEY=" + filepath.Join(dir, "gone")}})
	if diff := cmp.Diff([]string{"CAUSEWAY_TLS_KEY: the file does not exist"}, lines(problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProblemsAsJSON(t *testing.T) {
	_, problems := load(t, "limits:\n  pendin: 5\n", []string{"CAUSEWAY_HOTS=x", "CAUSEWAY_HTTP=y"}, nil)
	got, err := json.Marshal(problems)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"problems":[` +
		`{"file":"causeway.yaml","line":2,"column":3,"key":"limits.pendin","message":"unknown key \"pendin\"","suggestion":"pending"},` +
		`{"file":"","line":0,"column":0,"key":"http","message":"CAUSEWAY_HTTP: expected an address such as 127.0.0.1:8443, :8443 or \"[::1]:8443\", or off","suggestion":""}],` +
		`"warnings":[{"file":"","line":0,"column":0,"key":"","message":"CAUSEWAY_HOTS: nothing reads this variable","suggestion":"CAUSEWAY_HOST"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := json.Marshal(Problems(nil)); err != nil || string(got) != `{"problems":[]}` {
		t.Errorf("no problems: %s %v", got, err)
	}
}
