package presence_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/presence"
)

var begin = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// at is a moment of a story.
func at(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }

// step is something that happens to a listener, and what it seems to be afterwards.
type step struct {
	do    func(*presence.Machine)
	state presence.State
	last  bool
}

func accepted(made, now float64) func(*presence.Machine) {
	return func(m *presence.Machine) { m.Accepted(at(made), at(now)) }
}
func left(made float64) func(*presence.Machine) {
	return func(m *presence.Machine) { m.Left(at(made)) }
}
func unanswered(made, now float64) func(*presence.Machine) {
	return func(m *presence.Machine) { m.Unanswered(at(made), at(now)) }
}
func heard(now float64) func(*presence.Machine) {
	return func(m *presence.Machine) { m.Heard(at(now)) }
}
func late(now float64) func(*presence.Machine) {
	return func(m *presence.Machine) { m.Late(at(now)) }
}
func tick(now float64) func(*presence.Machine) {
	return func(m *presence.Machine) { m.Tick(at(now)) }
}
func doubt(m *presence.Machine) { m.Doubt() }

// TestStories: each row is a listener's life under the default rules.
func TestStories(t *testing.T) {
	const online, slow, deaf = presence.Online, presence.Slow, presence.Deaf
	for name, story := range map[string][]step{
		"takes all":                   {{accepted(0, 1), online, false}, {accepted(9, 14), online, false}},
		"takes late":                  {{accepted(0, 6), slow, false}, {accepted(10, 39.9), slow, false}, {accepted(50, 51), online, false}},
		"takes none":                  {{left(0), slow, false}, {left(1), deaf, true}, {left(2), deaf, true}},
		"takes none, answers pings":   {{left(0), slow, false}, {heard(30), slow, false}, {left(31), deaf, true}, {heard(61), deaf, true}, {heard(91), deaf, true}},
		"deaf, takes one":             {{left(0), slow, false}, {left(1), deaf, true}, {accepted(60, 61), online, false}},
		"deaf, takes one late":        {{left(0), slow, false}, {left(1), deaf, true}, {accepted(60, 69), slow, false}},
		"deaf, comes late":            {{left(0), slow, false}, {left(1), deaf, true}, {late(35), slow, false}},
		"late for nothing":            {{accepted(0, 1), online, false}, {late(35), online, false}},
		"one left between":            {{left(0), slow, false}, {accepted(31, 32), online, false}, {left(40), slow, false}},
		"busy: took a later one":      {{accepted(5, 6), online, false}, {left(4), slow, false}, {left(4.5), slow, false}, {left(5), slow, false}},
		"silent":                      {{tick(89.9), online, false}, {tick(90), deaf, true}, {tick(91), deaf, true}},
		"silent, then a frame":        {{tick(90), deaf, true}, {heard(95), online, false}, {tick(184.9), online, false}, {tick(185), deaf, true}},
		"stopped under offers":        {{heard(10), online, false}, {left(11), slow, false}, {left(12), deaf, true}, {heard(50), online, false}},
		"stopped, offers and silence": {{left(1), slow, false}, {tick(90), deaf, true}, {left(61), deaf, true}, {heard(100), online, false}, {left(101), slow, false}},
		"slow service, beside":        {{unanswered(0, 60), slow, false}, {unanswered(1, 61), slow, false}, {unanswered(59, 119), slow, false}, {late(120), slow, false}, {unanswered(119, 179), slow, false}},
		"no answers, in turn":         {{unanswered(0, 60), slow, false}, {unanswered(61, 121), deaf, true}},
		"came again":                  {{doubt, online, true}, {heard(1), online, false}},
		"came again, takes":           {{doubt, online, true}, {accepted(1, 2), online, false}},
		"came again, deaf":            {{doubt, online, true}, {tick(90), deaf, true}, {heard(91), online, false}},
	} {
		t.Run(name, func(t *testing.T) {
			m := presence.NewMachine(presence.Rules{}, begin)
			for i, s := range story {
				s.do(&m)
				if got, _ := m.State(); got != s.state || m.Last() != s.last {
					t.Fatalf("step %d: %v, last %v; want %v, %v", i+1, got, m.Last(), s.state, s.last)
				}
				if m.Reason() == "" {
					t.Errorf("step %d has no reason", i+1)
				}
			}
		})
	}
}

// TestNeverDeafWhileItTakes: whoever takes each offer within the window and answers pings in time is never deaf, however slow.
func TestNeverDeafWhileItTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := presence.NewMachine(presence.Rules{}, begin)
		now := 0.0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			wait := rapid.Float64Range(0, 89).Draw(t, "pause")
			now += wait
			m.Tick(at(now))
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				m.Heard(at(now))
			case 1:
				m.Accepted(at(now-rapid.Float64Range(0, 30).Draw(t, "took")), at(now))
			default:
				m.Accepted(at(now-40), at(now)) // a busy one: it leaves what it was offered before
				m.Left(at(now - 30))
			}
			if s, _ := m.State(); s == presence.Deaf {
				t.Fatalf("deaf at %.1f s", now)
			}
		}
	})
}

// TestAlwaysDeafInTime: whatever was before, two offers without an answer behind each other, or 90 s of nothing, make it deaf.
func TestAlwaysDeafInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := presence.NewMachine(presence.Rules{}, begin)
		now := 0.0
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			now += rapid.Float64Range(0, 40).Draw(t, "pause")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				m.Heard(at(now))
			case 1:
				m.Accepted(at(now-1), at(now))
			case 2:
				m.Left(at(now - 30))
			case 3:
				m.Late(at(now))
			default:
				m.Tick(at(now))
			}
		}
		if rapid.Bool().Draw(t, "silence") {
			m.Tick(at(now + 90))
		} else {
			m.Left(at(now + 1))
			m.Left(at(now + 2))
		}
		if s, _ := m.State(); s != presence.Deaf || !m.Last() {
			t.Fatalf("it is %v", s)
		}
	})
}

func TestTexts(t *testing.T) {
	want := map[presence.State]string{presence.Online: "online", presence.Slow: "slow", presence.Deaf: "deaf", presence.Gone: "gone"}
	for _, s := range presence.States() {
		if s.String() != want[s] {
			t.Errorf("%d is called %s", s, s)
		}
		delete(want, s)
	}
	if len(want) != 0 {
		t.Errorf("not listed: %v", want)
	}
	if r := (presence.Rules{Offers: -1, Slow: time.Hour}).WithDefaults(); r != (presence.Rules{Offers: 2, Silence: 90 * time.Second, Slow: time.Hour}) {
		t.Errorf("rules %+v", r)
	}
}
