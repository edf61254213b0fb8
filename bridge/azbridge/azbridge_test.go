package azbridge_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
)

// fallback is the connection string of rows that name none.
const fallback = "Endpoint=sb://h/;SharedAccessKeyName=r;SharedAccessKey=eA=="

// read is what a command line, and a file, come to.
func read(t *testing.T, file string, args ...string) (s *azbridge.Settings, list []connect.Connector, problems []string) {
	t.Helper()
	s = new(azbridge.Settings)
	a, wrong := azbridge.ParseArgs(args)
	if file != "" {
		s.ReadFile("az.yml", []byte(file))
	}
	s.ReadArgs(a)
	list, found := s.Connectors(fallback)
	for _, p := range append(wrong, found...) {
		problems = append(problems, p.String())
	}
	return s, list, problems
}

func forward(name, bind, port string) connect.Connector {
	return connect.Connector{Forward: name, Bind: bind, PortName: port, ConnectionString: fallback}
}

func listen(name, target, port string) connect.Connector {
	return connect.Connector{Listen: name, Target: target, PortName: port, ConnectionString: fallback}
}

// with is a connector with another connection string.
func with(connectionString string, c connect.Connector) connect.Connector {
	c.ConnectionString = connectionString
	return c
}

// TestOptions has a row for each option of reference section 16.7, right and wrong.
func TestOptions(t *testing.T) {
	ssh := forward("r", "127.0.0.1:2222", "ssh")
	rows := []struct {
		args string // blanks part arguments, _ is one
		want []connect.Connector
		say  string // part of the only problem
	}{
		{"-L 2222:r", []connect.Connector{forward("r", "127.0.0.1:2222", "2222")}, ""},
		{"-L 2222/ssh:r", []connect.Connector{ssh}, ""},
		{"-L 127.0.8.1:2222/ssh:a/b", []connect.Connector{forward("a/b", "127.0.8.1:2222", "ssh")}, ""},
		{"-L [::1]:2222/ssh:r", []connect.Connector{forward("r", "[::1]:2222", "ssh")}, ""},
		{"-L 1/one;127.0.8.1:2/two:r", []connect.Connector{forward("r", "127.0.0.1:1", "one"), forward("r", "127.0.8.1:2", "two")}, ""},
		{"-L /run/x.sock:r", []connect.Connector{forward("r", "unix:///run/x.sock", "/run/x.sock")}, ""},
		{"-L 5000U:r", nil, "-L: 5000U is a UDP port, and datagrams are not carried; take it out, or use a TCP port"},
		{"-L 70000:r", nil, "-L: expected a port from 1 to 65535"},
		{"-L 2222", nil, "-L: expected [ADDR:]PORT[/NAME][;...]:RELAY"},
		{"-L 2222:", nil, "-L: expected [ADDR:]PORT[/NAME]"},
		{"-L 2222;:r", nil, "-L: expected [ADDR:]PORT[/NAME]"},
		{"-L a b:2222:r", nil, ""},
		{"-L", nil, "-L: expected a value behind it"},
		{"-L 1:r -L 1:s", []connect.Connector{forward("r", "127.0.0.1:1", "1")}, "-L: another connector has this address"},

		{"-T r:22", []connect.Connector{listen("r", "tcp://localhost:22", "22")}, ""},
		{"-T r:ssh/22", []connect.Connector{listen("r", "tcp://localhost:22", "ssh")}, ""},
		{"-T a/b:ssh/10.1.2.3:22", []connect.Connector{listen("a/b", "tcp://10.1.2.3:22", "ssh")}, ""},
		{"-T r:ssh/[::1]:22;2222", []connect.Connector{listen("r", "tcp://[::1]:22", "ssh"), listen("r", "tcp://localhost:2222", "2222")}, ""},
		{"-T r:/run/x.sock", []connect.Connector{listen("r", "unix:///run/x.sock", "/run/x.sock")}, ""},
		{"-T r:n//run/x.sock", []connect.Connector{listen("r", "unix:///run/x.sock", "n")}, ""},
		{"-T r:5000u", nil, "-T: 5000u is a UDP port"},
		{"-T r:h:0", nil, "-T: expected a port from 1 to 65535"},
		{"-T r:ssh", nil, "-T: expected [HOST:]PORT"},
		{"-T r", nil, "-T: expected RELAY:[NAME/][HOST:]PORT"},
		{"-T r:ssh/h@x:22", nil, "-T: expected [HOST:]PORT"},
		{"-T r:p/1;p/2", []connect.Connector{listen("r", "tcp://localhost:1", "p")}, "-T: another connector of this relay has this port"},

		{"-R r:10.1.2.3:ssh/22", []connect.Connector{listen("r", "tcp://10.1.2.3:22", "ssh")}, ""},
		{"-R r:host:22", []connect.Connector{listen("r", "tcp://host:22", "22")}, ""},
		{"-R r:host:22U", nil, "-R: 22U is a UDP port"},
		{"-R r:22", nil, "-R: expected RELAY:HOST:[NAME/]PORT; -T"},
		{"-R r:h/x:22", nil, "-R: expected RELAY:HOST"},

		{"-H r:http/localhost", []connect.Connector{listen("r", "http://localhost:80", "")}, ""},
		{"-H a/b:https/web/app/x:8443", []connect.Connector{listen("a/b", "https://web:8443/app/x/", "")}, ""},
		{"-H r:https/web", []connect.Connector{listen("r", "https://web:443", "")}, ""},
		{"-H r:ftp/web", nil, "-H: expected RELAY:{http|https}/HOST"},
		{"-H r:http", nil, "-H: expected RELAY:{http|https}/HOST"},
		{"-H r:http/h:x", nil, "-H: expected RELAY:{http|https}/HOST"},

		{"-x Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ== -L 2222/ssh:r", []connect.Connector{with("Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ==", ssh)}, ""},
		{"-x Endpoint=sb://g/;EntityPath=other -L 2222/ssh:r", nil, "-L: the connection string is for another relay"},
		{"-x Endpoint=https://g/ -L 2222/ssh:r", nil, "-x: "},
		{"-e sb://g/ -K n -k eQ== -L 2222/ssh:r", []connect.Connector{with("Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ==", ssh)}, ""},
		{"-e sb://g/ -s SharedAccessSignature_sr=x -L 2222/ssh:r", []connect.Connector{with("Endpoint=sb://g/;SharedAccessSignature=SharedAccessSignature sr=x", ssh)}, ""},
		{"-x " + fallback + " -e sb://g/ -K n -k eQ== -L 2222/ssh:r", []connect.Connector{ssh}, ""}, // -x wins, as by azbridge's code
		{"-e https://g/", nil, "-e: expected an address such as sb://"},
		{"-K a.b", nil, "-K: expected the name of a rule: letters, digits, hyphens and underscores"},
		{"-k not!base64", nil, "-k: expected a key in base64"},
		{"-s token", nil, "-s: expected a token that begins with SharedAccessSignature"},

		{"-b 10.0.0.1 -L 2222/ssh:r", []connect.Connector{forward("r", "10.0.0.1:2222", "ssh")}, ""},
		{"-b ::1 -L 2222/ssh:r", []connect.Connector{forward("r", "[::1]:2222", "ssh")}, ""},
		{"-b a/b", nil, "-b: expected a host name or an IP address"},
		{"-g -L 2222/ssh:r", []connect.Connector{forward("r", "[::]:2222", "ssh")}, ""},
		{"-o GatewayPorts:true -o AddressFamily:inet -L 2222/ssh:r", []connect.Connector{forward("r", "0.0.0.0:2222", "ssh")}, ""},
		{"-o AddressFamily:inet6 -L 2222/ssh:r", []connect.Connector{forward("r", "[::1]:2222", "ssh")}, ""},
		{"-o GatewayPort:true", nil, `-o: unknown key "GatewayPort"; did you mean "GatewayPorts"?`},
		{"-o GatewayPorts", nil, "-o: expected KEY:VALUE"},
		{"-o LocalForward:x", nil, `-o: unknown key "LocalForward"`},
		{"-b 10.0.0.2 -o BindAddress:10.0.0.1 -L 2222/ssh:r", []connect.Connector{forward("r", "10.0.0.2:2222", "ssh")}, ""}, // -o comes first
		{"-a soon", nil, "-a: expected a whole number from 1 to 86400"},
		{"-l", nil, "-l: expected a value behind it"},
		{"--svc", nil, "--svc: is for azbridge's own service; run 'causeway service install'"},
		{"-Z", nil, "-Z: is no option of azbridge"},
		{"eA==", nil, "an argument: is no option of azbridge"},
		{"-q -v -f file -l log", nil, ""},
	}
	for _, row := range rows {
		args := strings.Fields(row.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		_, got, problems := read(t, "", args...)
		if strings.HasPrefix(row.args, "-L a b") { // the b is an argument of its own
			row.say = problems[0]
			problems = problems[:1]
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.args, diff)
		}
		switch {
		case row.say == "" && len(problems) > 0:
			t.Errorf("%s: %q", row.args, problems)
		case row.say != "" && (len(problems) != 1 || !strings.Contains(problems[0], row.say)):
			t.Errorf("%s: %q, want %q", row.args, problems, row.say)
		}
	}
}

// TestTalk: the options that say how azbridge itself behaves.
func TestTalk(t *testing.T) {
	s, _, problems := read(t, "", "-q", "-a", "30", "-l", "out.log")
	if !s.Quiet || s.KeepAlive != 30*time.Second || s.LogFile != "out.log" || len(problems) > 0 {
		t.Errorf("%+v, %q", s, problems)
	}
	if s, _, _ := read(t, "LogLevel: error\nKeepAliveInterval: 7\nLogFileName: x\n", "-v"); s.Quiet || s.KeepAlive != 7*time.Second || s.LogFile != "x" {
		t.Errorf("%+v", s)
	}
	for _, help := range []string{"-?", "-h", "--help"} {
		if a, _ := azbridge.ParseArgs([]string{help}); !a.Help {
			t.Errorf("%s is no help", help)
		}
	}
	a, wrong := azbridge.ParseArgs([]string{"-f", "az.yml", "-o", "json"})
	if a.File != "az.yml" || !a.JSON || len(wrong) > 0 {
		t.Errorf("%+v, %v", a, wrong)
	}
}

// TestKeys has a row for each key of the file, right and wrong; what is wrong is told with its line.
func TestKeys(t *testing.T) {
	const bindings = "LocalForward:\n- RelayName: r\n  BindPort: 1\n"
	one := forward("r", "127.0.0.1:1", "1")
	rows := []struct {
		file string
		want []connect.Connector
		say  string
	}{
		{"# nothing\n", nil, ""},
		{"", nil, ""},
		{bindings, []connect.Connector{one}, ""},
		{"AddressFamily: any\n" + bindings, []connect.Connector{one}, ""},
		{"AddressFamily: inet6\n" + bindings, []connect.Connector{forward("r", "[::1]:1", "1")}, ""},
		{"AddressFamily: ipx\n", nil, "az.yml:1:1 AddressFamily: expected one of any, inet, inet6"},
		{"AzureRelayConnectionString: Endpoint=sb://g/\n" + bindings, []connect.Connector{with("Endpoint=sb://g/", one)}, ""},
		{"AzureRelayConnectionString: Endpoint\n", nil, "az.yml:1:1 AzureRelayConnectionString: "},
		{"AzureRelayEndpoint: sb://g/\nAzureRelaySharedAccessKeyName: n\nAzureRelaySharedAccessKey: eQ==\n" + bindings,
			[]connect.Connector{with("Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ==", one)}, ""},
		{"AzureRelayEndpoint: g\n", nil, "az.yml:1:1 AzureRelayEndpoint: expected an address"},
		{"\nAzureRelaySharedAccessKeyName: a b\n", nil, "az.yml:2:1 AzureRelaySharedAccessKeyName: expected the name"},
		{"AzureRelaySharedAccessKey: '!'\n", nil, "az.yml:1:1 AzureRelaySharedAccessKey: expected a key in base64"},
		{"AzureRelayEndpoint: sb://g/\nAzureRelaySharedAccessSignature: SharedAccessSignature sr=x\n" + bindings,
			[]connect.Connector{with("Endpoint=sb://g/;SharedAccessSignature=SharedAccessSignature sr=x", one)}, ""},
		{"AzureRelaySharedAccessSignature: x\n", nil, "az.yml:1:1 AzureRelaySharedAccessSignature: expected a token"},
		{"BindAddress: 10.0.0.1\n" + bindings, []connect.Connector{forward("r", "10.0.0.1:1", "1")}, ""},
		{"BindAddress: a/b\n", nil, "az.yml:1:1 BindAddress: expected a host name"},
		{bindings + "ClearAllForwardings: true\n", nil, "warning: ClearAllForwardings is true"},
		{"ClearAllForwardings: 1\n", nil, "az.yml:1:1 ClearAllForwardings: expected true or false"},
		{"ConnectionAttempts: 3\n", nil, "az.yml:1:1 warning: ConnectionAttempts has no effect"},
		{"ConnectTimeout: 30\n", nil, "az.yml:1:1 warning: ConnectTimeout has no effect"},
		{"ExitOnForwardFailure: true\n", nil, ""},
		{"ExitOnForwardFailure: false\n", nil, "az.yml:1:1 warning: ExitOnForwardFailure has no effect"},
		{"ExitOnForwardFailure: maybe\n", nil, "az.yml:1:1 ExitOnForwardFailure: expected true or false"},
		{"GatewayPorts: true\n" + bindings, []connect.Connector{forward("r", "[::]:1", "1")}, ""},
		{"GatewayPorts: all\n", nil, "az.yml:1:1 GatewayPorts: expected true or false"},
		{"KeepAliveInterval: 30\n", nil, ""},
		{"KeepAliveInterval: 0\n", nil, "az.yml:1:1 KeepAliveInterval: expected a whole number from 1 to 86400"},
		{"LogLevel: debug3\n", nil, ""},
		{"LogLevel: loud\n", nil, "az.yml:1:1 LogLevel: expected one of none, quiet, fatal"},
		{"LogFileName: x.log\n", nil, ""},
		{"LogFileName: ''\n", nil, "az.yml:1:1 LogFileName: expected a value"},
		{"LogFileName: [a]\n", nil, "az.yml:1:1 LogFileName: expected a single value"},
		{"LogFileName:\n", nil, ""},

		{"LocalForward:\n- RelayName: r\n  ConnectionString: Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ==\n  NoAuthentication: true\n  Bindings:\n  - {BindAddress: 127.0.8.1, BindPort: 5671, PortName: amqps}\n  - BindLocalSocket: /run/x\n",
			[]connect.Connector{with("Endpoint=sb://g/", forward("r", "127.0.8.1:5671", "amqps")), with("Endpoint=sb://g/", forward("r", "unix:///run/x", "/run/x"))}, ""},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {BindPort: 1, NoAuthentication: true}\n  - {BindPort: 2}\n",
			[]connect.Connector{with("Endpoint=sb://h/", one), forward("r", "127.0.0.1:2", "2")}, ""},
		{"LocalForward:\n- ConnectionString: Endpoint=sb://g/;EntityPath=q\n  BindPort: 1\n", []connect.Connector{with("Endpoint=sb://g/;EntityPath=q", forward("q", "127.0.0.1:1", "1"))}, ""},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {BindPort: 5000U, PortName: x}\n  - {BindPort: 1}\n", []connect.Connector{one}, "az.yml:4:6 BindPort: 5000U is a UDP port, and datagrams are not carried"},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {BindPort: -5000}\n", nil, "az.yml:4:6 BindPort: -5000 is a UDP port"},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {BindPort: ssh}\n", nil, "az.yml:4:6 BindPort: expected a port from 1 to 65535"},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {PortName: x}\n", nil, "az.yml:4:5 the key BindPort is missing here"},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {BindPort: 1, BindLocalSocket: /x}\n", nil, "az.yml:4:5 a binding has a port or a socket; keep one"},
		{"LocalForward:\n- RelayName: r\n  HostName: db.local\n  BindPort: 1\n", []connect.Connector{one}, "warning: HostName has no effect"},
		{"LocalForward:\n- RelayName: r\n  BindPort: 1\n  Bindings:\n  - BindPort: 2\n", nil, "az.yml:3:3 a binding's keys stand beside Bindings"},
		{"LocalForward:\n- RelayName: r\n", nil, "az.yml:2:3 the entry has no binding"},
		{"LocalForward:\n- BindPort: 1\n", nil, "az.yml:2:3 the key RelayName is missing here"},
		{"LocalForward:\n- RelayName: r\n  Host: x\n  BindPort: 1\n", []connect.Connector{one}, `az.yml:3:3 unknown key "Host"`},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {BindPrt: 1, BindPort: 1}\n", []connect.Connector{one}, `az.yml:4:6 unknown key "BindPrt"; did you mean "BindPort"?`},
		{"LocalForward:\n- RelayName: r\n  Bindings:\n  - {RelayName: q, BindPort: 1}\n", []connect.Connector{one}, `az.yml:4:6 unknown key "RelayName"`},
		{"LocalForward: r\n", nil, "az.yml:1:15 LocalForward: expected a list"},
		{"LocalForward:\n- r\n", nil, "az.yml:2:3 expected keys with values"},
		{"LocalForward:\n", nil, ""},

		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {Host: 10.1.2.3, HostPort: 5671, PortName: amqps}\n  - {HostPort: 22}\n  - {LocalSocket: /run/x, PortName: y}\n",
			[]connect.Connector{listen("r", "tcp://10.1.2.3:5671", "amqps"), listen("r", "tcp://localhost:22", "22"), listen("r", "unix:///run/x", "y")}, ""},
		{"RemoteForward:\n- RelayName: r\n  ConnectionString: Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ==\n  HostPort: 22\n", []connect.Connector{with("Endpoint=sb://g/;SharedAccessKeyName=n;SharedAccessKey=eQ==", listen("r", "tcp://localhost:22", "22"))}, ""},
		{"RemoteForward:\n- RelayName: myweb\n  Http: true\n  Bindings:\n  - {Host: 10.1.2.4, HostPort: 80, PortName: http, Path: /pre/, Http: true}\n", []connect.Connector{listen("myweb", "http://10.1.2.4:80/pre/", "")}, ""},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {HostPort: 22, Insecure: true}\n", []connect.Connector{listen("r", "tcp://localhost:22", "22")}, "warning: Insecure has no effect"},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {HostPort: 22, Insecure: false}\n", []connect.Connector{listen("r", "tcp://localhost:22", "22")}, ""},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {HostPort: 53U}\n", nil, "az.yml:4:6 HostPort: 53U is a UDP port"},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {Host: a b, HostPort: 1}\n", nil, "az.yml:4:6 Host: expected a host name or an IP address"},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {Host: h}\n", nil, "az.yml:4:5 the key HostPort is missing here"},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {HostPort: 1, Path: 'a?b'}\n", nil, "az.yml:4:19 Path: expected a path"},
		{"RemoteForward:\n- RelayName: r\n  Bindings:\n  - {HostPort: 1, Http: x}\n", nil, "az.yml:4:19 Http: expected true or false"},

		{"localforward: []\n", nil, `az.yml:1:1 unknown key "localforward"; did you mean "LocalForward"?`},
		{"BindAddress: a\nBindAddress: b\n", nil, "az.yml:2:1 repeated key; the first is in line 1"},
		{"BindAddress: &a x\n", nil, "az.yml:1:1 BindAddress: expected a single value"},
		{"a: [\n", nil, "the file is no valid YAML"},
		{"- a\n", nil, "az.yml:1:1 expected keys with values"},
		{`{"LocalForward": [{"RelayName": "r", "Bindings": [{"BindPort": 1}]}]}`, []connect.Connector{one}, ""},
		{"LocalForward: \xff\n", nil, "az.yml the file is not UTF-8"},
	}
	for _, row := range rows {
		_, got, problems := read(t, row.file)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.file, diff)
		}
		switch {
		case row.say == "" && len(problems) > 0:
			t.Errorf("%s: %q", row.file, problems)
		case row.say != "" && (len(problems) != 1 || !strings.Contains(problems[0], row.say)):
			t.Errorf("%s: %q, want %q", row.file, problems, row.say)
		}
	}
}

// TestSpecs: the values of -L and -T alone, as the flags of other commands take them.
func TestSpecs(t *testing.T) {
	if got, err := azbridge.Local("2222/ssh:r", fallback); err != nil || !cmp.Equal(got, []connect.Connector{forward("r", "127.0.0.1:2222", "ssh")}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := azbridge.Remote("r:ssh/h:22", fallback); err != nil || !cmp.Equal(got, []connect.Connector{listen("r", "tcp://h:22", "ssh")}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []func() error{
		func() error { _, err := azbridge.Local("22U:r", fallback); return err },
		func() error { _, err := azbridge.Remote("r", fallback); return err },
		func() error { _, err := azbridge.Local("22:r", ""); return err },
	} {
		if err := bad(); err == nil || !strings.Contains(err.Error(), "-") {
			t.Errorf("%v", err)
		}
	}
}

// TestMany: a command line gives as many connectors as a causeway.yaml takes, and says so of more.
func TestMany(t *testing.T) {
	var items []string
	for port := 1; port <= 5000; port++ {
		items = append(items, strconv.Itoa(port))
	}
	_, list, problems := read(t, "", "-L", strings.Join(items, ";")+":r")
	if len(list) != 1000 || len(problems) != 1 || !strings.Contains(problems[0], "more than 1000 bindings") {
		t.Errorf("%d connectors, %q", len(list), problems)
	}
}

// TestFile: what is written has every value, and names keep their case.
func TestFile(t *testing.T) {
	b, err := azbridge.File([]connect.Connector{forward("Sales.EU/Orders", "127.0.0.1:1", "Am.Qp"), listen("r", "tcp://h:22", "22")})
	const want = `connectors:
    - forward: Sales.EU/Orders
      bind: 127.0.0.1:1
      portName: Am.Qp
      connectionString: ` + fallback + `
    - listen: r
      target: tcp://h:22
      portName: "22"
      connectionString: ` + fallback + "\n"
	if err != nil || string(b) != want {
		t.Errorf("%v\n%s", err, cmp.Diff(want, string(b)))
	}
}

// FuzzFile: whatever stands in a file is read or told, never more than once for each line, and no secret is told.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"LocalForward:\n- RelayName: r\n  BindPort: 1\n", "RemoteForward:\n- {RelayName: r, Bindings: [{HostPort: 5U}]}\n", "a: &x [*x]\n", "AzureRelaySharedAccessKey: eA==\n", "[", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s azbridge.Settings
		s.ReadFile("f", b)
		list, _ := s.Connectors(fallback)
		for i := range list {
			if flaws := list[i].Check(); len(flaws) > 0 {
				t.Errorf("%q gave %+v: %v", b, list[i], flaws)
			}
		}
	})
}

// FuzzArgs: a command line gives connectors that are in order, or problems.
func FuzzArgs(f *testing.F) {
	for _, seed := range []string{"-L 2222/ssh:r", "-T r:ssh/h:22;23", "-R r:h:22", "-H r:http/h/p:80", "-o a:b -L", "-x Endpoint=sb://h/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, _ := azbridge.ParseArgs(strings.Fields(line))
		var s azbridge.Settings
		s.ReadArgs(a)
		list, _ := s.Connectors(fallback)
		for i := range list {
			if flaws := list[i].Check(); len(flaws) > 0 {
				t.Errorf("%q gave %+v: %v", line, list[i], flaws)
			}
		}
	})
}
