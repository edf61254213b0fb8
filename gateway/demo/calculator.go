package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/front"
)

// calcName is the relay of the calculator, of kind http: plain WCF clients call it, with the name and key of a rule.
const calcName = "demo-calc"

// The two envelopes that WCF's bindings send (WCF wire reference section 7.1).
const (
	soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12 = "http://www.w3.org/2003/05/soap-envelope"
)

// contract is the namespace of the calculator's operations; an action is it with the operation behind.
const contract = "http://tempuri.org/ICalculator/"

// caller is a client of one binding.
type caller struct {
	binding string
	shows   string // how it shows rule and key
	call    func(address, operation string, rule *entity.Rule) (*http.Request, error)
}

// callers are a client for each of the two families of bindings over HTTP.
var callers = []caller{
	{"basicHttpBinding", "HTTP Basic", basicHTTP},
	{"wsHttpBinding", "UsernameToken", wsHTTP},
}

// basicHTTP makes a call of SOAP 1.1 with the action in SOAPAction and the key in Authorization.
func basicHTTP(address, operation string, rule *entity.Rule) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(envelope(soap11, "", operation))) //nolint:noctx // calculate gives it one
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", strconv.Quote(contract+operation))
	r.SetBasicAuth(rule.Name, string(rule.Primary))
	return r, nil
}

// wsHTTP makes a call of SOAP 1.2 with WS-Addressing 1.0 and the key in the message, as transport security with message credentials
// has it.
func wsHTTP(address, operation string, rule *entity.Rule) (*http.Request, error) {
	const stamp = "2006-01-02T15:04:05.000Z"
	now := time.Now().UTC()
	header := fmt.Sprintf(`<a:Action s:mustUnderstand="1" xmlns:a="http://www.w3.org/2005/08/addressing">%s</a:Action>`+
		`<a:To s:mustUnderstand="1" xmlns:a="http://www.w3.org/2005/08/addressing">%s</a:To>`+
		`<o:Security s:mustUnderstand="1" xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">`+
		`<u:Timestamp xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><u:Created>%s</u:Created><u:Expires>%s</u:Expires></u:Timestamp>`+
		`<o:UsernameToken><o:Username>%s</o:Username><o:Password>%s</o:Password></o:UsernameToken></o:Security>`,
		contract+operation, address, now.Format(stamp), now.Add(5*time.Minute).Format(stamp), rule.Name, string(rule.Primary))
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(envelope(soap12, header, operation))) //nolint:noctx // calculate gives it one
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
	return r, nil
}

// envelope is a call of an operation with two numbers.
func envelope(version, header, operation string) string {
	if header != "" {
		header = "<s:Header>" + header + "</s:Header>"
	}
	return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="` + version + `">` + header + `<s:Body><` + operation +
		` xmlns="http://tempuri.org/"><a>44</a><b>2</b></` + operation + `></s:Body></s:Envelope>`
}

// calculate lets a client of each binding call node 1, whose calculator listens at node 2.
func calculate(ctx context.Context, w *world, show *show) error {
	_, port, err := net.SplitHostPort(w.nodes[0].Addresses()[front.HTTPS])
	if err != nil {
		return err
	}
	address := "https://localhost:" + port + "/" + calcName
	transport := &http.Transport{TLSClientConfig: w.trust.Clone()}
	defer transport.CloseIdleConnections()
	for i := range callers {
		c := &callers[i]
		for operation, want := range map[string]string{"Add": "46", "Subtract": "42"} {
			r, err := c.call(address, operation, &w.rule)
			if err != nil {
				return err
			}
			status, body, err := fetch(transport, r.WithContext(ctx))
			if found := result.FindStringSubmatch(body); err == nil && (len(found) != 2 || found[1] != want) {
				err = fmt.Errorf("%s said %.200q", status, body)
			}
			if err != nil {
				return fmt.Errorf("%s client, %s: %w", c.binding, operation, err)
			}
		}
		show.say("%s (key by %s) %s: 44 + 2 = 46, 44 - 2 = 42", c.binding, c.shows, address)
	}
	return nil
}

// fetch sends a request and reads its answer, which must be one of success.
func fetch(transport *http.Transport, r *http.Request) (status, body string, err error) {
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return "", "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", r.Method, r.URL.Path, answer.Status)
	}
	return answer.Status, string(b), err
}

var (
	// result finds what the calculator answers.
	result = regexp.MustCompile(`Result>(-?\d+)</`)
	// question finds the operation and its numbers.
	question = regexp.MustCompile(`<(Add|Subtract) xmlns="http://tempuri\.org/"><a>(\d{1,9})</a><b>(\d{1,9})</b>`)
)

// calculator is a SOAP service of two operations that takes both versions. It knows nothing of relays, nor of keys.
func calculator(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	found := question.FindSubmatch(b)
	if err != nil || found == nil {
		http.Error(w, "unknown action", http.StatusInternalServerError)
		return
	}
	operation := string(found[1])
	x, _ := strconv.Atoi(string(found[2])) // digits
	y, _ := strconv.Atoi(string(found[3]))
	if operation == "Subtract" {
		y = -y
	}
	version, kind, header := soap11, "text/xml; charset=utf-8", ""
	if strings.Contains(string(b), soap12) {
		version, kind = soap12, "application/soap+xml; charset=utf-8"
		header = `<s:Header><a:Action s:mustUnderstand="1" xmlns:a="http://www.w3.org/2005/08/addressing">` + contract + operation + `Response</a:Action></s:Header>`
	}
	w.Header().Set("Content-Type", kind)
	fmt.Fprintf(w, `<s:Envelope xmlns:s="%s">%s<s:Body><%sResponse xmlns="http://tempuri.org/"><%[3]sResult>%d</%[3]sResult></%[3]sResponse></s:Body></s:Envelope>`,
		version, header, operation, x+y)
}
