package gateway_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// TestNoSecretLeaks goes through every door and API with tokens, signatures and keys at every place where somebody may put
// one, rightly or wrongly. Whatever the gateway says about it, in logs of all levels, metrics and answers, holds none of them: the
// cluster searches all of it when it closes (see testcluster, where a test proves that the search bites).
func TestNoSecretLeaks(t *testing.T) {
	w := &world{testcluster.New(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) {
		c.Timeouts.Head = time.Second
	})), t}
	own := entity.NewRule("Own", entity.Listen|entity.Send)
	e := w.Add(&entity.Entity{Name: "hyco", Rules: []entity.Rule{own}})
	w.Add(&entity.Entity{Name: "open", AnonymousSenders: true})
	tour := &tour{w, string(e.Rules[0].Primary)}
	for name, tokens := range tour.tokens() {
		t.Run(name, func(t *testing.T) {
			for _, token := range tokens {
				tour.handshakes(token)
				tour.requests(token)
				tour.heads(token)
				tour.messages(token)
			}
		})
	}
	tour.bodies()
	tour.plain("GET /hyco HTTP/1.1\r\nServiceBusAuthorization: " + tour.sign("hyco") + "\r\n") // and no more
	for _, reason := range []string{
		"MalformedToken", "InvalidSignature", "ExpiredToken", "InvalidAudience", "BadRequest", "HeadTooLarge", "SlowHead", "UpgradeRequired",
	} {
		if !strings.Contains(w.Log(), `"reason":"`+reason+`"`) {
			t.Errorf("the tour did not get to %s", reason)
		}
	}
	for _, text := range []string{"token not renewed", "control message ignored", `"msg":"management"`} {
		if !strings.Contains(w.Log(), text) {
			t.Errorf("the tour did not get to %q", text)
		}
	}
}

// tour is a walk with secrets.
type tour struct {
	*world

	key string // of the entity's own rule
}

// tokens are good and bad ones.
func (r *tour) tokens() map[string][]string {
	later := time.Now().Add(time.Hour)
	const at = "http://localhost/hyco"
	return map[string][]string{
		"good":    {r.Token(r.Root(), at, later), r.Sign(at, "Own", r.key, later)},
		"expired": {r.Token(r.Root(), at, time.Now().Add(-time.Hour))},
		"foreign": {r.Token(r.Root(), "http://localhost/other", later), r.Token(r.Root(), "http://elsewhere.example/", later)},
		"forged":  {r.Sign(at, "Own", r.key+"BAD", later), r.Sign(at, "Nobody", r.key, later)},
		"malformed": {
			r.key, "SharedAccessSignature " + r.key, "SharedAccessSignature sr=x&sig=" + url.QueryEscape(r.key) + "&se=soon&skn=Own",
			"Bearer " + r.key, "Basic " + base64.StdEncoding.EncodeToString([]byte("Own:"+r.key)),
			"Endpoint=sb://localhost/;SharedAccessKeyName=Own;SharedAccessKey=" + r.key,
		},
	}
}

// handshakes shows the token at every place of a WebSocket handshake.
func (r *tour) handshakes(token string) {
	for _, path := range []string{"hyco", "open", "nowhere", "hyco/" + r.unique()} {
		for _, action := range []string{"connect", "listen", "accept", "request", "steal"} {
			r.try(path, action, "", token)
			r.try(path, action, "sb-hc-token="+url.QueryEscape(token), "")
		}
	}
	r.try("hyco", "connect", "", "", "Authorization", token)
	r.try("open", "connect", "", "", "Authorization", token)
	r.try("hyco", "connect", "null?sb-hc-token="+url.QueryEscape(token), "")
	r.try("hyco", "connect", "sb-hc-sas-key-name=Own&sb-hc-sas-key="+url.QueryEscape(r.key), "")
	r.try("hyco/a%3Fsb-hc-token="+url.QueryEscape(token)+"&x=", "connect", "", "")
	r.try("hyco", "accept", "sb-hc-id=nobody&sb-hc-statusCode=99&sb-hc-token="+url.QueryEscape(token), "")
}

var counter int

// unique makes a path that no storm of refusals was at.
func (*tour) unique() string {
	counter++
	return fmt.Sprint(counter)
}

// try opens a handshake and leaves again, refused or not.
func (r *tour) try(path, action, query, token string, header ...string) {
	if action == "listen" {
		path += "/" + r.unique() // refusals at one address are held back after some
	}
	conn, _, _ := r.open(0, path, action, query, token, header...)
	if conn != nil {
		_ = conn.Close()
	}
}

// requests shows the token to everything that speaks HTTP.
func (r *tour) requests(token string) {
	in := url.QueryEscape(token)
	for _, base := range []string{"https://" + r.Node(0).Host("https"), "http://" + r.Node(0).Door("http"), "http://" + r.Node(0).Door("admin")} {
		for _, path := range []string{
			"/hyco", "/$hc/hyco", "/$api/entities", "/$api/entities/hyco", "/$api/nothing", "/api/entities", "/api/entities/hyco/listeners",
			"/api/status", "/metrics", "/healthz", "/readyz", "/$health",
		} {
			r.ask(base+path, "GET", "", "ServiceBusAuthorization", token)
			r.ask(base+path, "GET", "", "Authorization", token)
			r.ask(base+path+"?sb-hc-token="+in, "PATCH", "{}")
			r.ask(base+path+"%3Fsb-hc-token="+in, "POST", `{"token":"`+token+`"}`)
		}
		r.ask(base+"/$api/entities/"+url.PathEscape("hyco?sb-hc-token="+token), "PUT", `{}`, "Authorization", "Bearer "+r.AdminToken()+"x")
	}
}

// ask does one request and has its answer searched.
func (r *tour) ask(url, method, body string, header ...string) {
	resp, b := r.api(url, method, body, header...)
	r.Saw("the answer to "+method, fmt.Appendf(b, "%s %v", resp.Status, resp.Header))
}

// heads shows the token in requests that are none.
func (r *tour) heads(token string) {
	in := url.QueryEscape(token)
	for _, head := range []string{
		"GET /hyco?sb-hc-token=" + in + " HTTP/1.1\nHost: localhost\n\n",
		"GET /hyco?sb-hc-token=" + in + " HTTP/1.1\r\nHost: localhost\r\nServiceBusAuthorization : " + token + "\r\n\r\n",
		"GET /hyco?sb-hc-token=" + in + " HTTP/1.1\r\nServiceBusAuthorization: " + token + "\r\n\r\n",
		"GET /$hc/hyco?sb-hc-token=" + in + "&x=" + strings.Repeat("x", 40<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /$hc/hyco HTTP/1.1\r\nHost: localhost\r\nServiceBusAuthorization: " + token + "\r\nX: " + strings.Repeat("x", 40<<10) + "\r\n\r\n",
		token + "\r\n\r\n",
		"GET " + token + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /hyco HTTP/1.1\r\nHost: " + in + "\r\n\r\n",
		token + " /hyco HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		r.plain(head)
	}
	tlsDoor, err := net.DialTimeout("tcp", r.Node(0).Door("https"), patience)
	if err != nil {
		r.t.Fatal(err)
	}
	defer tlsDoor.Close()
	_ = tlsDoor.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(tlsDoor, "GET /hyco?sb-hc-token="+in+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
	b, _ := io.ReadAll(tlsDoor)
	r.Saw("plain HTTP at the TLS door", b)
}

// messages shows the token on an open control channel, in renewals that are good, bad and broken.
func (r *tour) messages(token string) {
	c := r.listen("hyco/"+r.unique(), "")
	for _, text := range []string{
		`{"renewToken":{"token":"` + token + `"}}`, `{"renewToken":"` + token + `"}`, `{"renewToken":{"token":"` + token,
		`{"` + token + `":{}}`, token, `{"response":{"requestId":"` + token + `","statusCode":"` + token + `"}}`,
	} {
		if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			r.t.Errorf("message: %v", err)
		}
	}
	_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "done"), time.Now().Add(patience))
	r.end(c)
}

// bodies shows keys to the management API, where they belong and where they do not. Answers that are to show keys are not searched.
func (r *tour) bodies() {
	base, admin := "http://"+r.Node(0).Door("admin")+"/api/", []string{"Authorization", "Bearer " + r.AdminToken()}
	const key = "a-key-that-the-operator-chose="
	r.Secret("a key", key)
	put := func(path, body string) { r.ask(base+path, "PUT", body, admin...) }
	r.api(base+"entities/made", "PUT", `{"kind":"hybrid"}`, admin...) // shows the new entity's connection string
	for _, body := range []string{
		`{"rights":["Listen"],"primaryKey":"` + key + `"}`, `{"rights":["Listen"],"primaryKey":["` + key + `"]}`, `{"rights":["` + key + `"]}`,
		`{"rights":"` + key + `"}`, `{"` + key + `":1}`, `{"primaryKey":"` + key, `{"rights":["Listen"],"primaryKey":"` + strings.Repeat(key, 20) + `"}`,
		`{"rights":["Listen"],"primaryKey":"` + key + `","primaryKey":"` + key + `"}`, `"` + key + `"`, key,
	} {
		put("entities/made/rules/mine", body)
		put("rules/mine", body)
		put("entities/hyco", `{"kind":"hybrid","rules":[`+body+`]}`)
		r.ask(base+"entities/made", "PATCH", body, admin...)
		r.ask(base+"entities/made/rules/mine", "PATCH", body, admin...)
	}
	for _, path := range []string{"entities", "entities/made", "entities/made/rules", "entities/made/rules/mine", "rules", "entities/hyco/listeners", "status"} {
		r.ask(base+path, "GET", "", admin...)
	}
	r.api(base+"entities/hyco/rules/Own/keys", "GET", "", admin...)
	r.api(base+"entities/hyco/rules/Own/keys", "POST", `{"regenerate":"primary"}`, admin...)
	r.ask(base+"entities/hyco/rules/Own/keys", "POST", `{"regenerate":"`+key+`"}`, admin...)
	r.ask(base+"entities/made", "DELETE", "", admin...)
}
