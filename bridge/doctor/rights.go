package doctor

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/sas"
	"github.com/causeway-relay/causeway/internal/trust"
)

// tokenTime is how long the token of a check is good.
const tokenTime = 5 * time.Minute

// verdict is what a gateway made of a request.
type verdict struct {
	status int
	code   fail.Code // "": not a gateway of ours
	text   string    // the reason phrase, or the message of the management API
	kind   entity.Kind
}

// checkRights asks as a sender, or for the management API where no relay is meant.
func (e *exam) checkRights(ctx context.Context) {
	token := e.token()
	if text := e.Gateway.Signature; text != "" {
		if r := sas.Check(text, sas.Params{Now: e.Now().Add(-e.skew), Host: e.host, Path: e.Entity}); len(r.Problems) > 0 {
			e.failed(Token, "SharedAccessSignature of the connection string: "+r.Problems[0].Problem, e.anew(r.Problems[0].Do))
			return
		}
	}
	v, err := e.ask(ctx, token, false)
	listens := verdict{}
	if err == nil && e.Entity != "" && v.code == fail.RightMissing {
		listens, err = e.ask(ctx, token, true)
	}
	switch {
	case err != nil:
		e.failed(Token, why(err), trust.Advice(err))
	case e.Entity == "":
		e.judgeManage(v)
	case v.code == fail.RightMissing:
		e.judgeListen(listens)
	default:
		e.judgeSend(v)
	}
}

// token signs by the gateway's clock, so that the row of the clock alone speaks of clocks.
func (e *exam) token() string {
	if e.Gateway.Signature != "" || e.Gateway.Key == "" {
		return e.Gateway.Signature
	}
	audience := wire.Audience(e.Gateway.Host, (&url.URL{Path: cmp.Or(e.Entity, e.Gateway.Path())}).EscapedPath())
	return wire.Sign(audience, e.Gateway.KeyName, e.Gateway.Key, e.Now().Add(tokenTime-e.skew))
}

// ask sends a request with a token, over a connection as reach makes it: for the management API where no relay is meant, else that
// of a sender whom only a listener that does not exist may have, or that of such a listener's standby connection.
func (e *exam) ask(ctx context.Context, token string, listens bool) (verdict, error) {
	conn, err := e.reach(ctx)
	if err != nil {
		return verdict{}, err
	}
	defer conn.Close()
	var request strings.Builder
	field := func(name, value string) {
		if value != "" {
			request.WriteString(name + ": " + value + "\r\n")
		}
	}
	if e.Entity == "" {
		request.WriteString("GET /$api/status HTTP/1.1\r\n")
		field("Connection", "close")
	} else {
		id, action, upgrade := nobody(), "connect", "websocket"
		if listens {
			action, upgrade = "standby", "causeway/1"
		}
		request.WriteString("GET " + (&url.URL{Path: "/$hc/" + e.Entity}).EscapedPath() + "?sb-hc-action=" + action + "&sb-hc-id=" + id + " HTTP/1.1\r\n")
		field("Upgrade", upgrade)
		field("Connection", "Upgrade")
		field("Sec-WebSocket-Version", "13")
		field("Sec-WebSocket-Key", base64.StdEncoding.EncodeToString([]byte(id)[:16]))
		field("Microsoft-Relay-AllowedListeners", id)
		field(wire.AgentField, askedKind)
	}
	field("Host", e.Gateway.Host)
	field("ServiceBusAuthorization", token)
	if _, err := io.WriteString(conn, request.String()+"\r\n"); err != nil {
		return verdict{}, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return verdict{}, fmt.Errorf("read the answer: %w", err)
	}
	defer answer.Body.Close()
	return judge(answer), nil
}

// reach connects for a request with a token: verified, or plain where that was asked for.
func (e *exam) reach(ctx context.Context) (net.Conn, error) {
	if e.Plain {
		return e.connect(ctx)
	}
	roots, err := e.Roots.Config(e.host)
	if err != nil {
		return nil, err
	}
	roots.ServerName, roots.Time = e.host, e.Now
	return e.handshake(ctx, roots)
}

// nobody is the id of a listener that does not exist.
func nobody() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // crypto/rand never fails: it ends the program instead
	return string(wire.AppendGUID(nil, id))
}

// judge reads an answer's outcome.
func judge(answer *http.Response) verdict {
	v := verdict{status: answer.StatusCode, code: fail.Code(answer.Header.Get("Causeway-Error")), kind: kindOf(answer)}
	_, v.text, _ = strings.Cut(answer.Status, " ")
	v.text, _, _ = strings.Cut(v.text, " TrackingId:")
	var body struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode >= http.StatusBadRequest && json.Unmarshal(b, &body) == nil && body.Error.Message != "" {
		v.text, _, _ = strings.Cut(body.Error.Message, " TrackingId:")
	}
	return v
}

// who names the rule that asks.
func (e *exam) who() string {
	if e.Gateway.KeyName != "" {
		return "rule " + e.Gateway.KeyName
	}
	if e.Gateway.Signature != "" {
		return "the token of the connection string"
	}
	return "nobody in particular (the connection string has no key)"
}

// judgeManage is the verdict without a relay: whoever may not manage is known all the same.
func (e *exam) judgeManage(v verdict) {
	switch {
	case v.status == http.StatusOK:
		e.ok(Token, "taken: "+e.who()+" may manage")
	case v.code == fail.RightMissing:
		e.ok(Token, "taken: "+e.who()+", who may not manage")
	case e.Gateway.EntityPath != "" && v.code == fail.InvalidAudience:
		e.ok(Token, "taken: "+e.who()+", for "+e.Gateway.EntityPath)
	default:
		e.refused(v)
		return
	}
	for _, row := range []string{Entity, Listener} {
		e.skipped(row, "no relay was named: 'causeway doctor NAME'")
	}
}

// judgeSend is the verdict of a sender's handshake that no listener could meet.
func (e *exam) judgeSend(v verdict) {
	taken := func() { e.ok(Token, "taken: "+e.who()+" may send") }
	switch {
	case v.code == fail.UnknownEntity:
		taken()
		e.noEntity(v)
	case v.code == fail.NoListener:
		taken()
		e.exists(v.kind)
		e.failed(Listener, "nobody listens at "+e.Entity, e.listenAdvice(v.kind))
	case v.kind == entity.Event: // it takes messages whoever is there
		taken()
		e.exists(v.kind)
		e.skipped(Listener, "an event relay takes messages whether anybody listens or not; see who does: causeway status "+e.Entity)
	case v.code == fail.NoMatchingListener, v.status == http.StatusSwitchingProtocols:
		taken()
		e.exists(v.kind)
		e.ok(Listener, "somebody listens at "+e.Entity)
	default:
		e.refused(v)
	}
}

// judgeListen is the verdict of a rule that may not send: it sees its relay, and not who listens.
func (e *exam) judgeListen(v verdict) {
	switch v.code {
	case fail.RightMissing:
		e.failed(Token, "RightMissing: "+e.who()+" may neither listen nor send", "causeway rule update "+e.ruleArgs()+" --rights Listen,Send")
		return
	case fail.UnknownEntity:
		e.ok(Token, "taken: "+e.who()+" may listen, not send")
		e.noEntity(v)
	case fail.Conflict: // there is no such listener, and that is all that was wrong
		e.ok(Token, "taken: "+e.who()+" may listen, not send")
		e.exists(v.kind)
	default:
		e.ok(Token, "taken: "+e.who()+" may not send")
		e.skipped(Entity, "the gateway does not tell this rule")
	}
	e.set(Listener, Skipped, "only who may send is told", "check with a rule that may send: causeway rule create "+e.Entity+" Sender --rights Send")
}

// noEntity fails the row of the relay.
func (e *exam) noEntity(v verdict) {
	e.failed(Entity, v.text, "causeway relay create "+e.Entity)
}

// refused is a verdict before any right was looked at, or one of an overloaded gateway.
func (e *exam) refused(v verdict) {
	do := v.code.Info().Do
	switch v.code {
	case fail.InvalidSignature, fail.MissingToken:
		do = "take a connection string of now, where the gateway runs: causeway rule keys " + e.ruleArgs()
	case fail.ExpiredToken:
		do = e.anew("sign it anew")
	case fail.InvalidAudience:
		do = "reach the gateway by the name that it knows: write " + endpoint("HOST", "PORT") + " of 'causeway rule keys " + e.ruleArgs() + "' in the connection string"
	case "":
		do = "this is no gateway of ours, or something stands before it: check host and port of Endpoint in the connection string"
	}
	e.failed(Token, strings.TrimSpace(string(v.code)+" "+v.text), do)
}

// ruleArgs are the words behind 'causeway rule keys' for the rule of the connection string.
func (e *exam) ruleArgs() string {
	rule := cmp.Or(e.Gateway.KeyName, "RULE")
	if e.Gateway.EntityPath != "" {
		return strings.Trim(e.Gateway.EntityPath, "/") + " " + rule
	}
	return rule
}

// anew says how a ready token in the connection string is replaced.
func (e *exam) anew(otherwise string) string {
	if e.Gateway.Signature == "" || e.Entity == "" {
		return otherwise
	}
	return "put the output of 'causeway token " + e.Entity + "' behind SharedAccessSignature= in the connection string"
}
