package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/internal/http1"
)

func TestAgent(t *testing.T) {
	for _, c := range []struct {
		in   http1.Fields
		want Agent
		text string
	}{
		{nil, Agent{}, ""},
		{fields("Causeway-Agent", ""), Agent{}, ""},
		{fields("causeway-agent", "raw, standby=8, cancel"), Agent{Raw: true, Standby: 8, Cancel: true}, "raw, standby=8, cancel"},
		{fields(AgentField, "RAW", AgentField, "Cancel, later=1"), Agent{Raw: true, Cancel: true}, "raw, cancel"},
		{fields(AgentField, "CAST, cancel"), Agent{Cancel: true, Cast: true}, "cancel, cast"},
		{fields(AgentField, "Kind, raw"), Agent{Raw: true, Kind: true}, "raw, kind"},
		{fields(AgentField, "standby=100000"), Agent{Standby: MaxStandby}, "standby=64"},
		{fields(AgentField, "standby=-1, standby, standby=x"), Agent{}, ""},
	} {
		got := ParseAgent(c.in)
		if got != c.want || got.String() != c.text {
			t.Errorf("%v: %+v %q, want %+v %q", c.in, got, got, c.want, c.text)
		}
	}
}

func TestAnswerLines(t *testing.T) {
	for _, c := range []struct {
		status int
		text   string
		want   string
	}{
		{200, "", "200\n"},
		{200, "p1", "200 p1\n"},
		{401, "No way, Jose & co", "401 No way, Jose & co\n"},
		{502, "two\nlines", "502 two lines\n"},
	} {
		line := string(AppendAnswer(nil, c.status, c.text))
		if line != c.want {
			t.Errorf("line %q, want %q", line, c.want)
		}
		for _, in := range []string{line, strings.TrimSuffix(line, "\n")} {
			status, text, err := ParseAnswer(in)
			if err != nil || status != c.status || text != http1.CleanReason(c.text) {
				t.Errorf("%q: %d %q, %v", in, status, text, err)
			}
		}
	}
	if long := AppendAnswer(nil, 400, strings.Repeat("x", 5000)); len(long) != MaxAnswer {
		t.Errorf("long line of %d bytes", len(long))
	}
	for _, line := range []string{"", "\n", "20", "2000 x", "099 x", "abc x", "200 a\nb", "200 \x00", "+20 x", " 200", "200 " + strings.Repeat("x", MaxAnswer)} {
		if _, _, err := ParseAnswer(line); !errors.Is(err, ErrMessage) {
			t.Errorf("%.20q: %v, want ErrMessage", line, err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("200 p1\n")
	f.Add("404 Not here")
	f.Fuzz(func(t *testing.T, line string) {
		status, text, err := ParseAnswer(line)
		if err != nil {
			return
		}
		again, textAgain, err := ParseAnswer(string(AppendAnswer(nil, status, text)))
		if err != nil || again != status || textAgain != http1.CleanReason(text) {
			t.Fatalf("%q is %d %q, comes back as %d %q, %v", line, status, text, again, textAgain, err)
		}
	})
}

func FuzzParseAgent(f *testing.F) {
	f.Add("raw, standby=8, cancel")
	f.Fuzz(func(t *testing.T, value string) {
		a := ParseAgent(fields(AgentField, value))
		if a.Standby < 0 || a.Standby > MaxStandby || ParseAgent(fields(AgentField, a.String())) != a {
			t.Fatalf("%q is %+v", value, a)
		}
	})
}
