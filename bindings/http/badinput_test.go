package http_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// dial opens a connection to the https door, for what no client library sends.
func (w *world) dial() net.Conn {
	w.t.Helper()
	trust := w.client.Transport.(*nethttp.Transport).TLSClientConfig.Clone() //nolint:forcetypeassert // made so by both
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: trust}
	conn, err := d.DialContext(w.t.Context(), "tcp", w.Node(0).Host("https"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// raw sends bytes as they are and reads one answer.
func (w *world) raw(text string) answer {
	w.t.Helper()
	conn := w.dial()
	if _, err := io.WriteString(conn, text); err != nil {
		w.t.Fatal(err)
	}
	return w.read(conn)
}

// read reads one answer of a connection.
func (w *world) read(conn net.Conn) answer {
	w.t.Helper()
	return w.readFrom(bufio.NewReader(conn))
}

func (w *world) readFrom(in *bufio.Reader) answer {
	w.t.Helper()
	res, err := nethttp.ReadResponse(in, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{res.StatusCode, string(b), res.Header}
}

// packed is text by gzip.
func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// bomb is 24 MiB of nothing in 24 KiB: three times what a description may have.
var bomb = sync.OnceValue(func() string { return packed(strings.Repeat("\x00", 24<<20)) })

const mtom = "multipart/related; type=\"application/xop+xml\"; start=\"<root>\"; start-info=\"text/xml\"; boundary=\"b\""

// TestServicesBusiness: what is wrong with a message or an answer passes as it is, head and body, byte for byte: the service or the client
// says what it thinks of it.
func TestServicesBusiness(t *testing.T) {
	good11, good12, zeros := fmt.Sprintf(envelope11, ""), fmt.Sprintf(envelope12, ""), bomb()
	deep := strings.Repeat("<a>", 100_000)
	rows := []struct {
		name, kind, body string
		fields           []string
	}{
		{"malformed XML", "text/xml", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body></s:Envelope>`, nil},
		{"not XML at all", "text/xml; charset=utf-8", "\x00\x01\xff", []string{"SOAPAction", `""`}},
		{"a DTD", "text/xml", `<!DOCTYPE a [<!ENTITY e "&#60;"><!ENTITY f "&e;&e;&e;">]><a>&f;</a>`, []string{"SOAPAction", `"urn:add"`}},
		{"nothing", "text/xml", "", []string{"SOAPAction", `"urn:add"`}},
		{"deep", type12, deep, nil},
		{"JSON as a SOAP type", type12, `{"a":1}`, nil},
		{"SOAP as JSON", "application/json", good12, nil},
		{"SOAP as a form", "application/x-www-form-urlencoded", good11, []string{"SOAPAction", `"urn:add"`}},
		{"a type that is none", "text", good11, nil},
		{"another charset", "text/xml; charset=koi8-r", good11, nil},
		{"SOAP 1.2 as SOAP 1.1", "text/xml; charset=utf-8", good12, []string{"SOAPAction", `"urn:add"`}},
		{"another action in the head", "text/xml; charset=utf-8", strings.ReplaceAll(good12, "urn:add", "urn:delete"), []string{"SOAPAction", `"urn:add"`}},
		{"another action in the type", type12 + `; action="urn:delete"`, good12, nil},
		{"a header that must be understood", type12, fmt.Sprintf(envelope12, `<x:New xmlns:x="urn:x" s:mustUnderstand="1" s:role="urn:r"/>`), nil},
		{"a security header of the service's", type12, fmt.Sprintf(envelope12, fmt.Sprintf(token, "secret of the service")), nil},
		{"a sequence of reliable messaging", type12, fmt.Sprintf(envelope12, `<r:Sequence s:mustUnderstand="1" xmlns:r="http://docs.oasis-open.org/ws-rx/wsrm/200702"><r:Identifier>urn:uuid:1</r:Identifier></r:Sequence>`), nil},
		{"MTOM with missing parts", mtom, "--b\r\nContent-ID: <root>\r\nContent-Type: application/xop+xml; type=\"text/xml\"\r\n\r\n" + good11 + "\r\n--b--\r\n", []string{"SOAPAction", `"urn:add"`}},
		{"MTOM without an end", mtom, "--b\r\nContent-ID: <other>\r\n\r\n<", []string{"SOAPAction", `"urn:add"`}},
		{"gzip that is none", "text/xml", "not packed", []string{"SOAPAction", `"urn:add"`, "Content-Encoding", "gzip"}},
		{"a gzip bomb", "text/xml", zeros, []string{"SOAPAction", `"urn:add"`, "Content-Encoding", "gzip"}},
		{"a bomb in WCF's binary encoding", "application/soap+msbin1+gzip", zeros, nil},
	}
	both(t, func(w *world) {
		w.add("calc")
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			b, _ := io.ReadAll(r.Body)
			for _, name := range []string{"Content-Type", "SOAPAction", "Content-Encoding"} {
				if v := r.Header.Get(name); v != "" {
					out.Header().Set(name, v)
				}
			}
			_, _ = out.Write(b)
		})
		for _, row := range rows {
			got := w.call("POST", "calc", row.body, append([]string{"Content-Type", row.kind}, row.fields...)...)
			if got.status != 200 || got.body != row.body || got.fields.Get("Content-Type") != row.kind || got.fields.Get("Causeway-Error") != "" {
				t.Errorf("%s: %d, %d bytes of %d, %v", row.name, got.status, len(got.body), len(row.body), got.fields)
			}
			for i := 0; i < len(row.fields); i += 2 {
				if got.fields.Get(row.fields[i]) != row.fields[i+1] {
					t.Errorf("%s: %s is %q", row.name, row.fields[i], got.fields.Get(row.fields[i]))
				}
			}
		}
	})
}

// TestAnswersPass: pages of errors, faults and answers that are not for a SOAP client pass with their status, whatever the gateway would
// have said with it.
func TestAnswersPass(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc")
		const page = "<!DOCTYPE html><html><body>Server Error in '/' Application.</body></html>"
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			out.Header().Set("Content-Type", "text/html")
			var status int
			_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
			out.WriteHeader(status)
			_, _ = io.WriteString(out, page)
		})
		for _, status := range []int{200, 400, 401, 403, 404, 413, 500, 501, 502, 503, 504} {
			got := w.call("POST", fmt.Sprintf("calc?status=%d", status), fmt.Sprintf(envelope12, ""), "Content-Type", type12)
			if got.status != status || got.body != page || got.fields.Get("Content-Type") != "text/html" || got.fields.Get("Causeway-Error") != "" || got.fields.Get("WWW-Authenticate") != "" {
				t.Errorf("%d: %+v", status, got)
			}
		}
		for _, query := range []string{"wsdl", "singleWsdl", "xsd=xsd0"} {
			if got := w.call("GET", "calc?status=200&"+query, ""); got.body != page {
				t.Errorf("%s: %+v", query, got)
			}
		}
	})
}

// TestMetadataBomb: a description that grows beyond the bound when it is unpacked passes as it is, and costs what the bound allows.
func TestMetadataBomb(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc")
		zeros := bomb()
		w.serve("calc", func(out nethttp.ResponseWriter, _ *nethttp.Request) {
			out.Header().Set("Content-Type", "text/xml")
			out.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(out, zeros)
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := w.call("GET", "calc?wsdl", "", "Accept-Encoding", "gzip")
		runtime.ReadMemStats(&after)
		if got.status != 200 || got.body != zeros || got.fields.Get("Content-Encoding") != "gzip" {
			t.Errorf("%d, %d bytes of %d, %v", got.status, len(got.body), len(zeros), got.fields)
		}
		// io.ReadAll of 8 MiB allocates some 40 MiB on its way; the whole would be more than 100.
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 90<<20 {
			t.Errorf("%d MiB were allocated for it", grown>>20)
		}
	})
}

// TestOurBusiness: where the gateway has to understand a message, because the sender's right is in it, it refuses what it cannot read,
// as a fault in the sender's version; broken HTTP it refuses before any of it reaches the service.
func TestOurBusiness(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc", func(e *entity.Entity) { e.AnonymousSenders, e.Rules = false, []entity.Rule{w.rule} })
		w.serve("calc", func(_ nethttp.ResponseWriter, r *nethttp.Request) { t.Errorf("the listener got %v", r.Header) })
		key := string(w.rule.Primary)
		huge := fmt.Sprintf(envelope12, "<x>"+strings.Repeat("y", 100<<10)+"</x>"+fmt.Sprintf(token, key))
		good := fmt.Sprintf(envelope12, fmt.Sprintf(token, key))
		for name, row := range map[string]struct{ kind, body string }{
			"malformed XML":            {type12, strings.Replace(good, "<o:UsernameToken>", "<o:UsernameToken", 1)},
			"a DTD":                    {type12, "<!DOCTYPE a>" + good},
			"a head beyond the bound":  {type12, huge},
			"two passwords":            {type12, strings.Replace(good, "</o:UsernameToken>", "<o:Password>x</o:Password></o:UsernameToken>", 1)},
			"a password that is a sum": {type12, strings.Replace(good, "<o:Password>", `<o:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">`, 1)},
			"packed":                   {"application/soap+msbin1+gzip", packed(good)},
			"a bomb":                   {"application/soap+msbin1+gzip", bomb()},
			"multipart":                {mtom, "--b\r\nContent-ID: <root>\r\n\r\n" + good + "\r\n--b--\r\n"},
			"an empty token":           {type12, fmt.Sprintf(envelope12, `<r:RelayAccessToken xmlns:r="http://schemas.microsoft.com/netservices/2009/05/servicebus/connect"/>`)},
		} {
			got := w.call("POST", "calc", row.body, "Content-Type", row.kind)
			if got.status != 401 || got.fields.Get("Causeway-Error") == "" || strings.HasPrefix(row.kind, type12) && !strings.Contains(got.body, "FailedAuthentication") || strings.Contains(got.body, key) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		head := "POST /calc HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type12 + "\r\n"
		for name, row := range map[string]struct {
			text   string
			status int
		}{
			"two lengths":          {head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
			"length and chunks":    {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
			"a folded field":       {head + "X: a\r\n b\r\n\r\n", 400},
			"a head that is large": {head + "X: " + strings.Repeat("y", 64<<10) + "\r\n\r\n", 431},
			"a path that is none":  {strings.Replace(head, "/calc", "/calc%zz", 1) + "Content-Length: 0\r\n\r\n", 400},
		} {
			if got := w.raw(row.text); got.status != row.status || got.fields.Get("Causeway-Error") == "" {
				t.Errorf("%s: %+v, want %d", name, got, row.status)
			}
		}
	})
}

// TestFirstByteLeaves: the gateway does not wait for a message: its beginning is at the service before the sender has written the rest,
// and the beginning of the answer at the client before the service has written that.
func TestFirstByteLeaves(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc")
		body := strings.Replace(fmt.Sprintf(envelope12, ""), "<Add/>", "<Add>"+strings.Repeat("x", 200_000)+"</Add>", 1)
		begun, more := make(chan string, 1), make(chan struct{})
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			first := make([]byte, 100)
			_, _ = io.ReadFull(r.Body, first)
			begun <- string(first)
			rest, _ := io.ReadAll(r.Body)
			out.Header().Set("Content-Type", type12)
			_, _ = io.WriteString(out, body[:1000])
			out.(nethttp.Flusher).Flush() //nolint:forcetypeassert // every writer of listeners is one
			<-more
			_, _ = io.WriteString(out, string(first)+string(rest))
		})
		conn := w.dial()
		send := func(text string) {
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
		}
		send("POST /calc HTTP/1.1\r\nHost: " + w.Node(0).Host("https") + "\r\nContent-Type: " + type12 + "\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body[:2000])
		if first := within(w.t, begun, "nothing of the message is at the service"); first != body[:100] {
			t.Errorf("it began with %q", first)
		}
		send(body[2000:])
		res, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		first := make([]byte, 1000)
		if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != body[:1000] {
			t.Errorf("the answer began with %q, %v", first, err)
		}
		close(more)
		if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != body {
			t.Errorf("%d bytes of %d, %v", len(rest), len(body), err)
		}
	})
}

// TestSenderBreaksOff: a message that is cut off does not look whole to the service.
func TestSenderBreaksOff(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc")
		begun, ended := make(chan struct{}), make(chan error, 1)
		w.serve("calc", func(_ nethttp.ResponseWriter, r *nethttp.Request) {
			_, _ = io.ReadFull(r.Body, make([]byte, 1000))
			close(begun)
			_, err := io.Copy(io.Discard, r.Body)
			ended <- err
		})
		conn := w.dial()
		if _, err := io.WriteString(conn, "POST /calc HTTP/1.1\r\nHost: "+w.Node(0).Host("https")+"\r\nContent-Type: "+type12+"\r\nContent-Length: 300000\r\n\r\n"+strings.Repeat("<a>", 50_000)); err != nil {
			t.Fatal(err)
		}
		within(w.t, begun, "the service has not begun to read")
		_ = conn.Close()
		if err := within(w.t, ended, "the service still waits"); err == nil {
			t.Error("half a message was whole")
		}
	})
}

// within receives from a channel, or ends the test.
func within[T any](t testing.TB, c <-chan T, otherwise string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
	return v
}
