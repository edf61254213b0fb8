package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// picture is the traffic at a second of the story.
func picture(second int, in, out int64) wire.Traffic {
	at := time.Date(2026, 11, 25, 12, 0, second, 0, time.UTC)
	return wire.Traffic{
		Time:     at,
		Entities: []wire.EntityTraffic{{Entity: "hyco", Listeners: wire.ListenerCounts{Online: 1, Deaf: 1}, Streams: 2, In: in, Out: out}, {Entity: "idle"}},
		Listeners: []wire.Listener{
			{ID: "quiet", Entity: "hyco", Node: 1, State: "deaf", Since: at.Add(-time.Hour), Offers: wire.Offers{Ignored: 2}},
			{ID: "busy", Entity: "hyco", Node: 2, State: "online", Since: at.Add(-time.Minute), Offers: wire.Offers{Accepted: 3}},
		},
		Streams: []wire.Stream{
			{ID: "s1", Entity: "hyco", Listener: "busy", Node: 1, Remote: "192.0.2.1:1", Since: at.Add(-time.Minute), In: in / 4, Out: out / 4},
			{ID: "s2", Entity: "hyco", Listener: "busy", Node: 1, Remote: "192.0.2.2:2", Since: at.Add(-2 * time.Minute), In: in / 2, Out: out / 2},
		},
		Missing: []int{3},
	}
}

// looks gives one picture after the other, then ends the story.
func looks(cancel func(), list ...wire.Traffic) func(context.Context) (wire.Traffic, error) {
	n := 0
	return func(ctx context.Context) (wire.Traffic, error) {
		if n == len(list) {
			cancel()
			return wire.Traffic{}, context.Cause(ctx)
		}
		n++
		return list[n-1], nil
	}
}

// TestTopTable: rates are of the time between two looks, the busiest first; without a terminal there is one table and no
// control character.
func TestTopTable(t *testing.T) {
	var out bytes.Buffer
	top := &top{look: looks(nil, picture(0, 1000, 0), picture(2, 9192, 4<<20)), out: &out, every: time.Millisecond, most: 10}
	if err := top.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := `RELAY  ONLINE  SLOW  DEAF  STREAMS  IN/S     OUT/S
hyco   1       0     1     2        4.0 KiB  2.0 MiB
idle   0       0     0     0        0 B      0 B

LISTENER  RELAY  NODE  STATE   ACCEPTED  IGNORED  STREAMS  IN/S     OUT/S    FOR
busy      hyco   2     online  3         0        2        3.0 KiB  1.5 MiB  1m0s
quiet     hyco   1     deaf    0         2        0        0 B      0 B      1h0m0s

STREAM FROM  RELAY  LISTENER  NODE  IN/S     OUT/S    FOR
192.0.2.2:2  hyco   busy      1     2.0 KiB  1.0 MiB  2m0s
192.0.2.1:1  hyco   busy      1     1.0 KiB  512 KiB  1m0s

not counted, because they do not answer: node 3
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTopForms: on a terminal each look is drawn over the last, with --watch tables follow each other, and as JSON there is one
// object a line, or one in all.
func TestTopForms(t *testing.T) {
	list := []wire.Traffic{picture(0, 0, 0), picture(1, 100, 8), picture(2, 40, 2)} // a node began anew before the third
	for name, row := range map[string]struct {
		change func(*top)
		check  func(t *testing.T, out string)
	}{
		"terminal": {func(p *top) { p.live = true }, func(t *testing.T, out string) {
			if strings.Count(out, "\x1b[H\x1b[2J") != 2 {
				t.Errorf("got %q", out)
			}
		}},
		"watch": {func(p *top) { p.watch = true }, func(t *testing.T, out string) {
			if strings.Count(out, "RELAY  ONLINE") != 2 || strings.ContainsRune(out, '\x1b') || !strings.Contains(out, "node 3\n\nRELAY") {
				t.Errorf("got %q", out)
			}
		}},
		"lines": {func(p *top) { p.watch, p.asJSON, p.most = true, true, 1 }, func(t *testing.T, out string) {
			var events []string
			for line := range strings.Lines(out) {
				var l map[string]any
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				for _, name := range []string{"time", "event", "entity", "remote", "reason", "in", "out", "duration"} {
					if _, ok := l[name]; !ok {
						t.Errorf("%s lacks %s", line, name)
					}
				}
				events = append(events, fmt.Sprint(l["event"], " ", l["in"], " ", l["duration"]))
			}
			want := []string{
				"top.entity 100 1s", "top.entity 0 1s", "top.listener 75 1s", "top.stream 50 1s",
				"top.entity 40 1s", "top.entity 0 1s", "top.listener 30 1s", "top.stream 20 1s",
			}
			if diff := cmp.Diff(want, events); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}},
		"one object": {func(p *top) { p.asJSON = true }, func(t *testing.T, out string) {
			var got wire.Traffic
			if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Streams) != 2 {
				t.Errorf("%v: %s", err, out)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out bytes.Buffer
			p := &top{look: looks(cancel, list...), out: &out, every: time.Millisecond, most: 10}
			row.change(p)
			if err := p.run(ctx); err != nil {
				t.Fatal(err)
			}
			row.check(t, out.String())
		})
	}
	broken := &top{look: func(context.Context) (wire.Traffic, error) { return wire.Traffic{}, errors.New("no") }, out: io.Discard}
	if err := broken.run(t.Context()); err == nil {
		t.Error("a failure is no failure")
	}
}

// feeds is a gateway whose streams of events end as told: each connection gets one script.
func feeds(t *testing.T, scripts ...func(w http.ResponseWriter, r *http.Request)) (*client.Client, *[]string) {
	t.Helper()
	var seen []string
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := int(n.Add(1)) - 1
		seen = append(seen, r.URL.RequestURI()+" "+r.Header.Get("Last-Event-ID")) // one connection after the other
		scripts[min(i, len(scripts)-1)](w, r)
	}))
	t.Cleanup(server.Close)
	asked, err := client.New(client.Params{Admin: server.Listener.Addr().String(), Token: "x"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asked.Close)
	return asked, &seen
}

func says(ids ...string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, ": hello\n\n")
		for _, id := range ids {
			_, _ = fmt.Fprintf(w, "id: %s\nevent: listener.deaf\ndata: {\"entity\":\"hyco\",\"listener\":\"l\\u001b[2J\",\"node\":2,\"reason\":\"Idle\",\"text\":\"nothing\\nwas heard\",\"duration\":\"61.5s\",\"time\":\"2026-11-25T12:00:00Z\"}\n\n", id)
		}
	}
}

func refuses(status int, code string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"no"}}`, code)
	}
}

// TestTailComesBack: a lost stream is opened again behind the last event, also when the gateway starts meanwhile; texts of
// others do not reach the terminal as they are.
func TestTailComesBack(t *testing.T) {
	asked, seen := feeds(t, says("1-1", "1-2"), refuses(503, "Starting"), says("1-3"))
	var out, talk bytes.Buffer
	text := cli.AsTable
	tail := &tail{client: asked, out: &out, talk: &talk, format: &text, entity: "hy co", last: "1-0", left: 3}
	if err := tail.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("2026-11-25T12:00:00Z  listener.deaf          hyco  l [2J  node 2  Idle nothing was heard (after 1m2s)\n", 3)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const path = "/api/events?entity=hy+co "
	if diff := cmp.Diff([]string{path + "1-0", path + "1-2", path + "1-2"}, *seen); diff != "" {
		t.Errorf("connections (-want +got):\n%s", diff)
	}
	if !strings.Contains(talk.String(), "again in") || !strings.Contains(talk.String(), "connected again") {
		t.Errorf("it says %q", talk.String())
	}
}

// writes is told of each write.
type writes func()

func (f writes) Write(b []byte) (int, error) {
	f()
	return len(b), nil
}

// TestTailGivesUp: a no is final, and so is a first attempt that nobody answers; an interruption is no failure.
func TestTailGivesUp(t *testing.T) {
	lines := cli.AsJSON
	asked, _ := feeds(t, says("1-1"), refuses(401, "ExpiredToken"))
	var out bytes.Buffer
	err := (&tail{client: asked, out: &out, talk: io.Discard, format: &lines}).run(t.Context())
	var no *client.Error
	if !errors.As(err, &no) || no.Code != "ExpiredToken" {
		t.Errorf("got %v", err)
	}
	var e wire.Event
	if err := json.Unmarshal(out.Bytes(), &e); err != nil || e.ID != "1-1" || e.Event != "listener.deaf" || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("wrote %q", out.String())
	}
	asked, _ = feeds(t, refuses(503, "Draining"))
	if err := (&tail{client: asked, talk: io.Discard, format: &lines}).run(t.Context()); !errors.As(err, &no) || no.Code != "Draining" {
		t.Errorf("a first attempt gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	asked, _ = feeds(t, func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if err := (&tail{client: asked, talk: io.Discard, format: &lines}).run(ctx); err != nil {
		t.Errorf("an interruption gives %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	asked, _ = feeds(t, says("1-1"))
	var talk bytes.Buffer
	seen := writes(func() { cancel() })
	if err := (&tail{client: asked, out: seen, talk: &talk, format: &lines}).run(ctx); err != nil || talk.Len() > 0 {
		t.Errorf("an interruption of what stood gives %v and says %q", err, talk.String())
	}
}
