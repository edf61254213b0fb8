package nettcp

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// ended is what Mono's service prints of a session of the contract counter, for which it makes an object: how many calls that object got.
var ended = regexp.MustCompile(`(?m)^session of (\d+) calls ended at (\d+)$`)

// of gives the sessions that a service saw end.
func of(services *mono.Host) (sessions []string) {
	for _, found := range ended.FindAllStringSubmatch(services.Text(), -1) {
		sessions = append(sessions, found[1]+" calls, "+found[2])
	}
	return sessions
}

// TestSessionsKeepTheirListener: four sessions at the same time, whose calls come in turn, at a relay with two listeners. Behind each is a
// process of its own that counts for each session: every call of a session has to reach one object of one process. Without sticky they may
// be at either, with sticky all four of one client are at one.
func TestSessionsKeepTheirListener(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	withNet := hasDotNet(t)
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		clients := mono.Start(t)
		for _, sticky := range []bool{false, true} {
			t.Run(fmt.Sprintf("sticky %t", sticky), func(t *testing.T) {
				relay := fmt.Sprintf("sticky-%t", sticky)
				address := "net.tcp://" + door(s) + "/" + relay
				s.Add(&entity.Entity{Name: relay, Kind: entity.NetTCP, AnonymousSenders: true, Settings: entity.Settings{Sticky: sticky}})
				var processes [2]*mono.Host
				for i := range processes {
					processes[i] = mono.Start(t)
					at := "127.0.0.1:" + interop.FreePort(t)
					processes[i].ServiceAt("tcp", "counter", address, "net.tcp://"+at+"/"+relay)
					listen(t, s, relay, at)
				}
				lines := clients.Client("tcp", "counter", address, "sessions")
				if len(lines) == 0 || lines[0] != "sessions: 3,103,203,303" {
					t.Fatalf("Mono's client says %q", lines)
				}
				want := []string{"5 calls, 3", "5 calls, 103", "5 calls, 203", "5 calls, 303"}
				if withNet {
					got := client(t, "--binding", "nettcp", "--address", address, "--only", "counter-two")
					if passed(got) != 1 {
						t.Errorf(".NET's client says %q", got)
					}
					want = append(want, "3 calls, 21", "4 calls, 12")
				}
				seen := [2][]string{of(processes[0]), of(processes[1])}
				if missing, more := differ(want, append(append([]string(nil), seen[0]...), seen[1]...)); len(missing)+len(more) > 0 {
					t.Errorf("the services saw %q", seen)
				}
				if sticky && len(seen[0]) > 0 && len(seen[1]) > 0 {
					t.Errorf("one client's sessions are at two listeners: %q", seen)
				}
			})
		}
	})
}

// differ gives what only one of two lists has.
func differ(a, b []string) (onlyA, onlyB []string) {
	count := map[string]int{}
	for _, x := range a {
		count[x]++
	}
	for _, x := range b {
		if count[x]--; count[x] < 0 {
			onlyB = append(onlyB, x)
		}
	}
	for x, n := range count {
		if n > 0 {
			onlyA = append(onlyA, x)
		}
	}
	return onlyA, onlyB
}

// hasDotNet reports whether .NET's programs are there. Who asks is not skipped where they are not, and the run says so.
func hasDotNet(t *testing.T) (there bool) {
	t.Helper()
	t.Run("needs dotnet", func(t *testing.T) {
		interop.Need(t, "dotnet")
		there = true
	})
	return there
}

// envelope is a call of the contract counter in SOAP 1.1.
func envelope(operation, inside string) (action, text string) {
	return fmt.Sprintf("%q", "http://tempuri.org/ICounter/"+operation),
		fmt.Sprintf(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><%s xmlns="http://tempuri.org/">%s</%[1]s></s:Body></s:Envelope>`, operation, inside)
}

// TestConvertedSessions: what a conversion loses of a session, with Mono's programs and both ways to convert. Each request of a SOAP caller is a
// session of its own, and what one call has told the service the next one does not find. A client of net.tcp keeps its session, and the
// service of HTTP sees requests of which none belongs to another: Mono's has one object for all, so sessions at the same time get the
// counts of each other. docs/convert.md says so.
func TestConvertedSessions(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, by := range converters {
			services, relay := mono.Start(t), "counter-"+by.name
			by.soapAtNetTCP(t, s, relay, services.Service("tcp", "counter"))
			for _, call := range []struct{ operation, inside, result string }{
				{"Begin", "<start>10</start>", "<BeginResponse"},
				{"Next", "", "<NextResult>1</NextResult>"}, // 11 within a session
				{"Next", "", "<NextResult>1</NextResult>"},
				{"End", "", "<EndResult>0</EndResult>"},
			} {
				action, text := envelope(call.operation, call.inside)
				status, answer := testcluster.PostSOAP(t, "http://"+s.Cluster.Node(0).Host("http")+"/"+relay, action, text)
				if status != http.StatusOK || !strings.Contains(answer, call.result) {
					t.Errorf("%s, %s: %d %s, want %s", by.name, call.operation, status, answer, call.result)
				}
			}
			if got := of(services); len(got) != 1 || got[0] != "1 calls, 0" {
				t.Errorf("%s: the service saw %q", by.name, got)
			}
			relay += "-http"
			by.netTCPAtSOAP(t, s, relay, services.Service("basic", "counter"))
			lines := services.Client("tcp", "counter", "net.tcp://"+door(s)+"/"+relay, "begin,next,sessions")
			if want := []string{"begin: ok", "next: 11", "sessions: session 0 counts 301"}; len(lines) < 3 || !slices.Equal(lines[:3], want) {
				t.Errorf("%s: Mono's client of net.tcp says %q, want %q", by.name, lines, want)
			}
		}
	})
}

// TestConvertedReliable: a reliable session cannot be converted, and .NET's client hears so in words that say what to do. The service hears
// nothing.
func TestConvertedReliable(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet", "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		s.Add(&entity.Entity{Name: "calc", Kind: entity.NetTCP, AnonymousSenders: true})
		convertTo(t, s, "calc", mono.Start(t).Service("basic", "echo"), "netTcp")
		lines := client(t, "--binding", "nettcp-rm", "--address", "net.tcp://"+door(s)+"/calc", "--only", "echo", "--expect", "echo=ProtocolException")
		if passed(lines) != 1 || !strings.Contains(lines[0], "a reliable session cannot be converted: use one binding on both sides, or switch it off") {
			t.Errorf("%q", lines)
		}
	})
}
