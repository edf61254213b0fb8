package casts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// TestAnySOAP: Mono's clients of four bindings, of both versions of SOAP and of addressing in three forms, send one-way calls to an event relay.
// A service of net.tcp and one of SOAP 1.1, each behind a connector that converts, have every one of them, once.
func TestAnySOAP(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		const each = 3
		b := newBooks(t, s, "every", entity.Event)
		framed, web, clients := mono.Start(t), mono.Start(t), mono.Start(t)
		notes := func(host *mono.Host) func() []string {
			return func() []string { return labels(host.Text(), "notify: ") }
		}
		b.connector("net.tcp", s.Listen, framed.Service("tcp", "echo"), notes(framed), "--as", "soap")
		b.connector("SOAP 1.1", s.Listen, web.Service("basic", "echo"), notes(web), "--as", "soap")
		var sent []string
		for _, by := range []struct{ binding, address string }{{"tcp", b.via()}, {"basic", b.url()}, {"ws", b.url()}, {"soap12-wsa04", b.url()}} {
			steps := strings.TrimSuffix(strings.Repeat("notify-next,", each), ",")
			if lines := clients.Client(by.binding, "echo", by.address, steps); len(lines) != each+1 || strings.Contains(strings.Join(lines, " "), "FAILED") {
				t.Fatalf("%s says %q", by.binding, lines)
			}
			for range each {
				sent = append(sent, fmt.Sprint("message ", len(sent)+1))
			}
		}
		slices.Sort(sent)
		for _, l := range b.all {
			b.until(l.name, func() string {
				now, err := b.counts()
				got := slices.Sorted(slices.Values(l.notes()))
				if c := now[l.id]; err != nil || !slices.Equal(got, sent) || c.Delivered != int64(len(sent)) || c.Missed != 0 {
					return fmt.Sprintf("%+v, wrote down %q, %v", now[l.id], got, err)
				}
				return ""
			})
		}
	})
}
