package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	soaphttp "github.com/causeway-relay/causeway/bindings/http"
	"github.com/causeway-relay/causeway/bindings/nettcp"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/hybrid/entry"
)

const errorsHead = `# Errors

<!-- Generated from gateway/fail and each entry's errors.go by go generate ./cmd/causeway. Do not edit. -->

Every refusal and every end of a connection has one code. It is spelled the same in the header ` + "`Causeway-Error`" + ` of an answer, in
` + "`reason`" + ` of a log line, in the label ` + "`reason`" + ` of a metric ([metrics.md](metrics.md)) and here.

- **Handshake** is the status that a WebSocket handshake is refused with; SDKs read the reason phrase, which has the tracking id.
- **HTTP** is the status of a plain request on a relay door, where the service's own ` + "`error.code`" + ` stands in the body.
- **API** is the status of the management API ([api.md](api.md)). A condition (` + "`If-Match`, `If-None-Match`" + `) that is not met is a ` + "`Conflict`" + ` with 412, a
  method that a path does not have a ` + "`BadRequest`" + ` with 405.
- **net.tcp** is the framing fault that a WCF client is told before its session begins; "-" closes the connection ([wcf.md](wcf.md)).
- **SOAP** is the status of a SOAP request over HTTP, whose body is a fault; WCF's clients choose their exception by it ([wcf.md](wcf.md)).
- **Retry** says whether the same request may succeed later, unchanged.

`

// faults orders the page: whose fault it is comes first in the reader's mind.
var faults = []struct {
	fault       fail.Fault
	title, text string
}{
	{fail.Sender, "The sender's, or a listener's own handshake", "What was sent cannot be served."},
	{fail.Listener, "The listener's", "It was asked and did not do its part."},
	{fail.Gateway, "The gateway's", "Trying again helps."},
	{fail.Nobody, "Nobody's", "Ends of connections, as logs and metrics name them. The statuses count when the end strikes before the answer."},
}

// errorsPage joins what is known of each code with the wire forms that the entries give it.
func errorsPage() string {
	var b strings.Builder
	b.WriteString(errorsHead)
	for _, f := range faults {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n| code | means | do | handshake | HTTP | API | net.tcp | SOAP | retry |\n|---|---|---|---|---|---|---|---|---|\n", f.title, f.text)
		for _, i := range fail.Table() {
			if i.Fault == f.fault {
				b.WriteString(errorRow(i))
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func errorRow(i fail.Info) string {
	plain, name := front.Status(i.Code)
	http := statusText(plain)
	if plain != 0 {
		http += " `" + name + "`"
	}
	handshake := statusText(entry.Status(fail.New(i.Code, "")))
	if i.Code == fail.Rejected {
		handshake = "the listener's"
	}
	retry := "no"
	if i.Retry {
		retry = "yes"
	}
	if i.Fault == fail.Nobody {
		retry = ""
	}
	return fmt.Sprintf("| <a id=%q></a>%#q | %s | %s | %s | %s | %s | %s | %s | %s |\n", strings.ToLower(string(i.Code)), i.Code,
		cell(i.Meaning), cell(i.Do), handshake, http, statusText(manage.Status(i.Code)), faultText(i.Code), soapText(i.Code), retry)
}

// faultText is the fault that a net.tcp client is told.
func faultText(code fail.Code) string {
	if f := nettcp.Fault(code); f != "" {
		return "`" + string(f) + "`"
	}
	return "-"
}

// soapText is the status that a SOAP client is told.
func soapText(code fail.Code) string {
	if code == fail.Rejected {
		return "the listener's"
	}
	return statusText(soaphttp.Status(code))
}

// cell makes a text fit for a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func statusText(status int) string {
	if status == 0 || http.StatusText(status) == "" {
		return "-"
	}
	return strconv.Itoa(status)
}
