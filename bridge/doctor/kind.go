package doctor

import (
	"net/http"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// askedKind is the word by which the gateway tells the kind of the relay (docs/agent.md).
var askedKind = wire.Agent{Kind: true}.String()

// kindOf is the kind that an answer tells; "" where it tells none, as an older gateway does and one that is not ours.
func kindOf(answer *http.Response) entity.Kind {
	kind := entity.Kind(answer.Header.Get(wire.KindField))
	if !slices.Contains(entity.Kinds(), kind) {
		return ""
	}
	return kind
}

// use says what a kind is meant for, and target what somebody listens with. NAME stands for the relay.
type use struct{ text, target string }

// uses are those of all kinds.
var uses = map[entity.Kind]use{
	"":            {"", "tcp://HOST:PORT"},
	entity.Hybrid: {"for connections and HTTP requests", "tcp://HOST:PORT"},
	entity.NetTCP: {"for WCF clients of net.tcp", "net.tcp://HOST:PORT"},
	entity.HTTP:   {"for WCF, SOAP and other clients of HTTP", "http://HOST:PORT/PATH"},
	entity.OneWay: {
		"each message goes to one listener, and nobody is answered. If you want connections or answers: causeway relay update NAME --kind hybrid", "http://HOST:PORT/PATH",
	},
	entity.Event: {
		"each message goes to every listener, and nobody is answered. If you want connections or answers: causeway relay update NAME --kind hybrid", "http://HOST:PORT/PATH",
	},
}

// exists is the row of a relay that is there.
func (e *exam) exists(kind entity.Kind) {
	text := e.Entity + " exists"
	if kind != "" {
		text += ", of kind " + string(kind) + ": " + strings.ReplaceAll(uses[kind].text, "NAME", e.Entity)
	}
	e.ok(Entity, text)
}

// listenAdvice is how a service comes to listen.
func (e *exam) listenAdvice(kind entity.Kind) string {
	return "where the service runs: causeway listen " + e.Entity + " --target " + uses[kind].target
}
