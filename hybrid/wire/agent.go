package wire

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/internal/http1"
)

// AgentField is the header field by which our own agent asks for what SDKs do not know, and the gateway grants it in its
// 101 (docs/agent.md).
const AgentField = "Causeway-Agent"

// KindField is the header field of an answer that tells the kind of the relay to who asked for it by the word kind and may send or
// listen there.
const KindField = "Causeway-Kind"

// MaxStandby is the highest number of standby connections a listener may hold.
const MaxStandby = 64

// Agent is the value of AgentField: a list of words, in which SDKs would see nothing and send nothing.
type Agent struct {
	Raw     bool // a rendezvous may be dialled with Upgrade: causeway/1 and carries plain bytes
	Standby int  // connections that wait for an offer, 0 to MaxStandby
	Cancel  bool // the cancel message is understood
	Cast    bool // messages that are cast come as requests
	Kind    bool // the relay's kind is told in an answer by which nobody is met (docs/agent.md)
}

// ParseAgent reads the field; words it does not know are the wishes of a later version and are skipped.
func ParseAgent(fields http1.Fields) Agent {
	var a Agent
	for word := range fields.Tokens(AgentField) {
		name, value, _ := strings.Cut(word, "=")
		switch strings.ToLower(name) {
		case "raw":
			a.Raw = true
		case "cancel":
			a.Cancel = true
		case "cast":
			a.Cast = true
		case "kind":
			a.Kind = true
		case "standby":
			if n, err := strconv.Atoi(value); err == nil && n > 0 {
				a.Standby = min(n, MaxStandby)
			}
		}
	}
	return a
}

// String returns the value of the field, "" when nothing is asked for.
func (a Agent) String() string {
	var words []string
	if a.Raw {
		words = append(words, "raw")
	}
	if a.Standby > 0 {
		words = append(words, "standby="+strconv.Itoa(a.Standby))
	}
	if a.Cancel {
		words = append(words, "cancel")
	}
	if a.Cast {
		words = append(words, "cast")
	}
	if a.Kind {
		words = append(words, "kind")
	}
	return strings.Join(words, ", ")
}

// MaxAnswer is the longest line, with its end, by which an agent answers an offer on a standby connection.
const MaxAnswer = 1024

// AppendAnswer appends the line of an agent on a standby connection: 200 and the chosen sub-protocol, if any, to take the
// sender, another status and its reason to reject it. The text is made one line and cut to fit.
func AppendAnswer(dst []byte, status int, text string) []byte {
	dst = strconv.AppendInt(dst, int64(status), 10)
	if text = http1.CleanReason(text); text != "" {
		dst = append(dst, ' ')
		dst = append(dst, text[:min(len(text), MaxAnswer-len("999 \n"))]...)
	}
	return append(dst, '\n')
}

// ParseAnswer reads such a line, with or without its end. The error is ErrMessage.
func ParseAnswer(line string) (status int, text string, err error) {
	code, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	status, err = strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < minStatus || len(line) > MaxAnswer || strings.ContainsFunc(text, isControl) {
		return 0, "", &Error{"read standby answer", ErrMessage, "The answer must be a status from 100 to 999, a blank and a text."}
	}
	return status, text, nil
}
