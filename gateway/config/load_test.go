package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/shape"
)

const full = `
data: state
host: relay.example.com
https: :443
http: off
nettcp: :808
admin: "[::1]:9090"
readyFile: /run/ready.json
allowPlainTokens: true
advertise:
  - {door: https, address: "node1.example.com:443"}
hosts:
  - name: relay.example.com
    roles: [relay]
  - name: other.example.com
tls: {keyExchange: curves, acme: {email: a@example.com, directory: "https://ca.example/dir", hosts: [relay.example.com]}}
log: {level: debug, format: json}
metrics:
  perEntity: true
limits:
  listenersPerEntity: 3
  connections: 4
  headBytes: 2048
  pending: 6
  pendingPerSource: 5
  castMessage: 131072
timeouts: {head: 1s, preamble: 7s, session: 8s, accept: 2s, response: 3s, idle: 4s, write: 5s, drain: 6s, tokenGrace: 1h30m}
rules:
  - name: Root.Rule
    rights: [Listen, Send, Manage]
    primaryKey: cHJpbWFyeQ==
    secondaryKey: env:SECOND
entities:
  - name: Sales.EU/Orders-V2
    kind: nettcp
    anonymousSenders: true
    responseTimeout: 2m
    requestTarget: raw
    plainWebSocket: false
    tls: terminate
    sticky: true
    listenerBinding: netTcp
    serviceAddress: net.tcp://localhost:808/orders
    oneWay: ["urn:orders/Notify*"]
    allow: [192.0.2.1/24, 2001:db8::1]
    rules:
      - {name: Send.Only, rights: [Send], primaryKey: "file:keys/send"}
  - name: sales.eu/other
connectors:
  - {listen: Plant/Web, target: "https://localhost:9443/app", connectionString: env:PLANT, host: keep, prefix: {from: /x, to: /y}, caFile: ca.pem, cert: c.crt, key: c.key,
     headers: {add: [{name: X-One, value: "1"}], remove: [X-Two]}}
  - {forward: plant/ssh, bind: "127.0.0.1:2222", portName: ssh}
  - {listen: plant/calc, target: "net.tcp://localhost:808/calc", as: basicHttp, targetAs: netTcp, oneWay: ["urn:calc/Notify"]}
`

func TestLoadReadsEveryKey(t *testing.T) {
	path := write(t, "causeway.yaml", full)
	dir := filepath.Dir(path)
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys", "send"), []byte("c2VuZA==\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const plant = "Endpoint=sb://plant/;SharedAccessKeyName=r;SharedAccessKey=eA=="
	got, problems := Load(Params{File: path, Env: []string{"SECOND=c2Vjb25k", "PLANT=" + plant}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	yes, no := true, false
	want := &Config{
		Data: filepath.Join(dir, "state"), Host: "relay.example.com", HTTPS: ":443", HTTP: Off, NetTCP: ":808", Admin: "[::1]:9090",
		ReadyFile: "/run/ready.json", AllowPlainTokens: true,
		Advertise: []Advertise{{Door: "https", Address: "node1.example.com:443"}},
		Hosts:     []Host{{Name: "relay.example.com", Roles: []string{"relay"}}, {Name: "other.example.com"}},
		TLS:       TLS{KeyExchange: "curves", ACME: ACME{Email: "a@example.com", Directory: "https://ca.example/dir", Hosts: []string{"relay.example.com"}}},
		Log:       Log{Level: "debug", Format: "json"},
		Metrics:   Metrics{PerEntity: true},
		Limits:    Limits{ListenersPerEntity: 3, Connections: 4, HeadBytes: 2048, Pending: 6, PendingPerSource: 5, CastMessage: 131072},
		Timeouts: Timeouts{
			Head: time.Second, Preamble: 7 * time.Second, Session: 8 * time.Second, Accept: 2 * time.Second, Response: 3 * time.Second, Idle: 4 * time.Second,
			Write: 5 * time.Second, Drain: 6 * time.Second, TokenGrace: 90 * time.Minute,
		},
		Rules: []Rule{{
			Name: "Root.Rule", Rights: []string{"Listen", "Send", "Manage"},
			PrimaryKey: NewSecret("cHJpbWFyeQ=="), SecondaryKey: NewSecret("c2Vjb25k"),
		}},
		Entities: []Entity{
			{
				Name: "Sales.EU/Orders-V2", Kind: "nettcp", AnonymousSenders: true, ResponseTimeout: 2 * time.Minute,
				RequestTarget: "raw", PlainWebSocket: &no, TLS: "terminate", Sticky: true,
				ListenerBinding: "netTcp", ServiceAddress: "net.tcp://localhost:808/orders", OneWay: []string{"urn:orders/Notify*"},
				Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")},
				Rules: []Rule{{Name: "Send.Only", Rights: []string{"Send"}, PrimaryKey: NewSecret("c2VuZA==")}},
			},
			{Name: "sales.eu/other", Kind: "hybrid", RequestTarget: "service", PlainWebSocket: &yes, TLS: "passthrough"},
		},
		Connectors: []Connector{
			{
				Listen: "Plant/Web", Target: "https://localhost:9443/app", ConnectionString: NewSecret(plant), Host: "keep",
				Prefix:  Prefix{From: "/x", To: "/y"},
				Headers: Headers{Add: []Header{{Name: "X-One", Value: NewSecret("1")}}, Remove: []string{"X-Two"}},
				CAFile:  filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "c.crt"), Key: filepath.Join(dir, "c.key"),
			},
			{Forward: "plant/ssh", Bind: "127.0.0.1:2222", PortName: "ssh"},
			{Listen: "plant/calc", Target: "net.tcp://localhost:808/calc", As: "basicHttp", TargetAs: "netTcp", OneWay: []string{"urn:calc/Notify"}},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("loaded settings (-want +got):\n%s", diff)
	}
}

// TestDefaults pins the defaults of contracts.md, section 3, and architecture.md, section 5.
func TestDefaults(t *testing.T) {
	want := &Config{
		Data: "/home/u/.local/share/causeway", Host: "localhost",
		HTTPS: "127.0.0.1:8443", HTTP: "127.0.0.1:8080", Admin: "127.0.0.1:9090",
		TLS:    TLS{KeyExchange: "hybrid", ACME: ACME{Directory: "https://acme-v02.api.letsencrypt.org/directory"}},
		Log:    Log{Level: "info", Format: "text"},
		Limits: Limits{ListenersPerEntity: 25, Connections: 5000, HeadBytes: 32768, Pending: 10000, PendingPerSource: 200, CastMessage: 65536},
		Timeouts: Timeouts{
			Head: 10 * time.Second, Preamble: 30 * time.Second, Accept: 30 * time.Second, Response: time.Minute, Idle: time.Minute,
			Write: time.Minute, Drain: 25 * time.Second, TokenGrace: 5 * time.Minute,
		},
	}
	for _, text := range []string{"", "# nothing\n", "---\n", "~\n", "limits:\ntimeouts: ~\nhost:\nentities:\n", "{}"} {
		got, problems := load(t, text, nil, nil)
		if len(problems) > 0 {
			t.Fatalf("%q: %v", text, problems)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	got, problems := Load(Params{Env: []string{"HOME=/home/u"}})
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("no file: %v (-want +got):\n%s", problems, diff)
	}
	hand := Default()
	want.Data = DataDir()
	if diff := cmp.Diff(want, hand); diff != "" {
		t.Errorf("Default (-want +got):\n%s", diff)
	}
}

func TestCompleteKeepsWhatIsSet(t *testing.T) {
	no := false
	c := Config{HTTPS: Off, Limits: Limits{Pending: 7}, Entities: []Entity{{Name: "a", PlainWebSocket: &no}}}
	c.Complete()
	if c.HTTPS != Off || c.Limits.Pending != 7 || *c.Entities[0].PlainWebSocket {
		t.Errorf("Complete changed what was set: %+v", c)
	}
	if c.Limits.Connections != 5000 || c.Entities[0].Kind != "hybrid" {
		t.Errorf("Complete left zero values: %+v", c)
	}
}

// TestPrecedence sets one key in every layer and takes the layers away one by one.
func TestPrecedence(t *testing.T) {
	const file = "https: :3\nlimits: {pending: 300}\ntimeouts: {accept: 3s}\nallowPlainTokens: true\n"
	env := []string{
		"CAUSEWAY_HTTPS=:2", "CAUSEWAY_LIMITS_PENDING=2000", "CAUSEWAY_TIMEOUTS_ACCEPT=2s", "CAUSEWAY_ALLOWPLAINTOKENS=0",
		"CAUSEWAY_LIMITS_LISTENERSPERENTITY=2", "CAUSEWAY_DATA=", "CAUSEWAY_METRICS_PERENTITY=1",
	}
	flags := map[string]string{"https": ":1", "limits.pending": "1000", "timeouts.accept": "1s"}
	type values struct {
		HTTPS                       string
		Pending, ListenersPerEntity int
		Accept                      time.Duration
		Plain, PerEntity            bool
	}
	for _, c := range []struct {
		name  string
		file  string
		env   []string
		flags map[string]string
		want  values
	}{
		{"flags", file, env, flags, values{":1", 1000, 2, time.Second, false, true}},
		{"environment", file, env, nil, values{":2", 2000, 2, 2 * time.Second, false, true}},
		{"file", file, nil, nil, values{":3", 300, 25, 3 * time.Second, true, false}},
		{"defaults", "", nil, nil, values{"127.0.0.1:8443", 10000, 25, 30 * time.Second, false, false}},
		{"environment over an empty group", "limits:\n", env, nil, values{":2", 2000, 2, 2 * time.Second, false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, problems := load(t, c.file, c.env, c.flags)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			v := values{
				got.HTTPS, got.Limits.Pending, got.Limits.ListenersPerEntity, got.Timeouts.Accept,
				got.AllowPlainTokens, got.Metrics.PerEntity,
			}
			if v != c.want {
				t.Errorf("got %+v, want %+v", v, c.want)
			}
			if got.Data != "/home/u/.local/share/causeway" {
				t.Errorf("an empty variable was taken: %q", got.Data)
			}
		})
	}
}

// TestEveryVariableIsBound sets each variable to a value that is not its default and reads it back from the tree.
func TestEveryVariableIsBound(t *testing.T) {
	key := write(t, "tls.pem", "x")
	values := map[string]string{
		"data": "/d", "host": "h", "https": ":1", "http": ":2", "admin": ":3", "nettcp": ":4", "readyFile": "/r", "allowPlainTokens": "true",
		"tls.cert": key, "tls.key": key, "tls.clientCA": key, "tls.acme.email": "a@b.example", "tls.acme.directory": "https://ca.example/", "tls.acme.caFile": key,
		"log.level": "warn", "log.format": "json", "tls.keyExchange": "curves", "metrics.perEntity": "true",
	}
	var env []string
	for path, s := range scalars() {
		text, ok := values[path]
		if !ok {
			text = map[string]string{"number": "1234", "duration": "7s"}[className(s)]
		}
		if text == "" {
			t.Fatalf("no value for %s: add one to this test", path)
		}
		values[path] = text
		env = append(env, s.env()+"="+text)
	}
	c, problems := load(t, "", env, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := map[string]string{}
	flatten(c, got)
	if diff := cmp.Diff(values, got); diff != "" {
		t.Errorf("(-set +loaded):\n%s", diff)
	}
}

func TestFlags(t *testing.T) {
	c, problems := load(t, "advertise: [{door: http, address: 'a:1'}]\n", nil, map[string]string{
		"readyFile": "r.json", "advertise": "https=node1.example.com:443,http=node1.example.com:80", "https": "127.0.0.1:0",
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.ReadyFile != "r.json" {
		t.Errorf("readyFile %q: a path from a flag starts from the working folder", c.ReadyFile)
	}
	want := []Advertise{{"https", "node1.example.com:443"}, {"http", "node1.example.com:80"}}
	if diff := cmp.Diff(want, c.Advertise); diff != "" {
		t.Errorf("advertise (-want +got):\n%s", diff)
	}
}

func TestFileFromTheEnvironment(t *testing.T) {
	path := write(t, "c.yaml", "host: from.env\n")
	c, problems := Load(Params{Env: []string{EnvFile + "=" + path}})
	if len(problems) > 0 || c.Host != "from.env" {
		t.Fatalf("%v %v", c, problems)
	}
	other := write(t, "d.yaml", "host: from.flag\n")
	c, problems = Load(Params{File: other, Env: []string{EnvFile + "=" + path}})
	if len(problems) > 0 || c.Host != "from.flag" {
		t.Fatalf("%v %v", c, problems)
	}
}

func TestLoadReadsTheProcessEnvironment(t *testing.T) {
	t.Setenv("CAUSEWAY_HOST", "process.example.com")
	c, problems := Load(Params{})
	if problems.Err() != nil || c.Host != "process.example.com" {
		t.Fatalf("%v %v", c, problems)
	}
}

func TestCheckReportsWithPlaces(t *testing.T) {
	path := write(t, "causeway.yaml", "host: a\nentities:\n  - name: b\n  - name: c\n")
	check := func(c *Config, report func(path, message string)) {
		report("entities[1].name", "is taken")
		report("entities[0].rules[3].name", "is odd")
		report("https", c.Host+" will not do")
		report("admin", "no")
	}
	c, problems := Load(Params{File: path, Env: []string{"CAUSEWAY_HTTPS=:1"}, Check: check})
	if c != nil {
		t.Error("settings given in spite of problems")
	}
	want := []string{
		path + " admin: no",
		path + ":3:5 entities[0].rules[3].name: is odd",
		path + ":4:11 entities[1].name: is taken",
		"CAUSEWAY_HTTPS: a will not do",
	}
	if diff := cmp.Diff(want, lines(problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNamesKeepTheirCase is the field case ops/names-keep-their-case: names of relays, rules and header fields come through as
// written, under an environment that overrides a nested value.
func TestNamesKeepTheirCase(t *testing.T) {
	const entities = `entities:
  - name: Sales.EU/Orders-V2
    kind: hybrid
    rules:
      - name: Send.Only
        rights: [Send]
  - name: sales.eu/other
    kind: hybrid
`
	c, problems := load(t, entities+"limits: {listenersPerEntity: 7}\n", []string{"CAUSEWAY_LIMITS_LISTENERSPERENTITY=9"}, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	names := []string{c.Entities[0].Name, c.Entities[1].Name, c.Entities[0].Rules[0].Name}
	if diff := cmp.Diff([]string{"Sales.EU/Orders-V2", "sales.eu/other", "Send.Only"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if c.Limits.ListenersPerEntity != 9 {
		t.Errorf("listenersPerEntity %d: the environment did not win", c.Limits.ListenersPerEntity)
	}
	c, problems = load(t, entities+`connectors:
  - listen: Sales.EU/Orders-V2
    target: http://127.0.0.1:8090
    headers:
      add:
        - name: X-Api.Key-ID
          value: AbC
`, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := c.Connect()
	want2 := []connect.Connector{{
		Listen: "Sales.EU/Orders-V2", Target: "http://127.0.0.1:8090", Web: connect.Web{Add: []shape.Field{{Name: "X-Api.Key-ID", Value: "AbC"}}},
	}}
	if diff := cmp.Diff(want2, got); diff != "" {
		t.Errorf("connectors (-want +got):\n%s", diff)
	}
	_, problems = load(t, entities+"  - name: SALES.eu/Other\n", nil, nil)
	want := []string{"causeway.yaml:9:11 entities[2].name: differs only in case from the name at causeway.yaml:7:11; names are found whatever their case"}
	if diff := cmp.Diff(want, lines(problems)); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
}

func TestDataDir(t *testing.T) {
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", map[string]string{"HOME": "/home/u"}, "/home/u/.local/share/causeway"},
		{"linux", map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "/x"}, "/x/causeway"},
		{"linux", map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "relative"}, "/home/u/.local/share/causeway"},
		{"linux", map[string]string{"HOME": "/root", "STATE_DIRECTORY": "/var/lib/causeway:/var/lib/b"}, "/var/lib/causeway"},
		{"darwin", map[string]string{"HOME": "/Users/u"}, "/Users/u/.local/share/causeway"},
		{"linux", nil, "/var/lib/causeway"},
		{"windows", map[string]string{"LOCALAPPDATA": `C:\Users\u\AppData\Local`, "PROGRAMDATA": `C:\ProgramData`}, `C:\Users\u\AppData\Local\causeway`},
		{"windows", map[string]string{"LOCALAPPDATA": `C:\Windows\system32\config\systemprofile\AppData\Local`, "PROGRAMDATA": `D:\PD`}, `D:\PD\causeway`},
		{"windows", map[string]string{"LOCALAPPDATA": `C:\Windows\ServiceProfiles\NetworkService\AppData\Local`}, `C:\ProgramData\causeway`},
	} {
		if got := dataDirOn(c.system, c.env); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.system, c.env, got, c.want)
		}
	}
}

// TestFind: a node is found by what can be read of its file, by the environment before it, and without either where it is by default.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, text        string
		env               []string
		host, data, admin string
		wrong             bool
	}{
		{"in order", "host: a.example\ndata: /d\nadmin: 127.0.0.1:1\n", nil, "a.example", "/d", "127.0.0.1:1", false},
		{"another key is wrong", "host: a.example\ndata: /d\nadmin: 127.0.0.1:1\nhots: []\n", nil, "a.example", "/d", "127.0.0.1:1", true},
		{"one of them is wrong", "data: /d\nadmin: nowhere\n", nil, "localhost", "/d", "127.0.0.1:9090", true},
		{"the environment wins", "data: /d\nhots: []\n", []string{"CAUSEWAY_DATA=/e", "CAUSEWAY_ADMIN=127.0.0.1:2"}, "localhost", "/e", "127.0.0.1:2", true},
		{"no YAML", "data: [", nil, "localhost", "/home/u/.local/share/causeway", "127.0.0.1:9090", true},
	} {
		got, problems := Find(Params{File: write(t, "causeway.yaml", c.text), Env: append([]string{"HOME=/home/u"}, c.env...)})
		if got.Host != c.host || got.Data != c.data || got.Admin != c.admin || (problems.Err() != nil) != c.wrong {
			t.Errorf("%s: %s, %s, %s; %v", c.name, got.Host, got.Data, got.Admin, problems)
		}
	}
}
