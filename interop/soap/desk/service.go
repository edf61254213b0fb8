package desk

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Service is our side's service of the contract.
type Service struct {
	URL string // where it listens: http, loopback

	t    testing.TB
	mu   sync.Mutex
	seen []string
}

// Serve starts a service that ends with the test.
func Serve(t testing.TB) *Service {
	t.Helper()
	s := &Service{t: t}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.URL = srv.URL + "/desk"
	return s
}

// Seen reports whether a message like this came and was found right: an operation with the version and form it came in, such
// as "Echo SOAP 1.2" or "Store SOAP 1.1 MTOM"; "fault sender SOAP 1.1" for a fault that was asked for.
func (s *Service) Seen(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.seen, what)
}

func (s *Service) saw(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, what)
}

// Path gives the path below URL of the endpoint for one version, which refuses the other; one for MTOM answers in MTOM
// whatever it is asked in, for clients that can only read that.
func Path(v soap.Version, multipart bool) string {
	path := "/11"
	if v == soap.V12 {
		path = "/12"
	}
	if multipart {
		path += "/mtom"
	}
	return path
}

// ServeHTTP implements http.Handler. It answers in the form of the request, unless its path says otherwise.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = io.WriteString(w, WSDL("http://"+r.Host+r.URL.Path, "http://"+r.Host+r.URL.Path)) // the reader may have gone
		return
	}
	enc, err := encoder.Select(r.Header.Get("Content-Type"))
	if err != nil {
		http.Error(w, err.Error(), soap.StatusUnsupported)
		return
	}
	answer, status := s.exchange(&enc, r)
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	var out bytes.Buffer
	multipart := enc.Form == soap.Multipart || strings.HasSuffix(r.URL.Path, "/mtom")
	contentType, err := encode(&out, answer, multipart, "")
	if err != nil {
		s.t.Errorf("encode the answer: %v", err)
	}
	w.Header().Set("Content-Type", contentType)
	if multipart {
		w.Header().Set("MIME-Version", "1.0")
	}
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a client that has gone notices itself
}

// encode writes a message as text or MTOM and gives its content type.
func encode(dst io.Writer, m *soap.Message, multipart bool, action string) (string, error) {
	if multipart {
		o := mtom.WriterOptions{Version: m.Version, Action: action, Boundary: "uuid:" + rand.Text() + "+id=1", ID: "1"}
		return o.ContentType(), m.Write(mtom.NewWriter(dst, o))
	}
	e := encoder.Encoding{Version: m.Version, Form: soap.Text}
	return e.ContentType(action), e.Encode(dst, m, nil)
}

// exchange gives the answer to a request, nil for none, and the HTTP status.
func (s *Service) exchange(enc *encoder.Encoding, r *http.Request) (*soap.Message, int) {
	m, err := enc.Decode(r.Body, encoder.Decoding{Quotas: infoset.Buffered(), Multipart: mtom.Opener{}})
	if err != nil {
		e := soap.Explain(err, enc.Version)
		return e.Message(), e.Status
	}
	if v := m.Version; strings.Contains(r.URL.Path, "/11") && v != soap.V11 || strings.Contains(r.URL.Path, "/12") && v != soap.V12 {
		e := soap.Refuse(v, soap.VersionMismatch, v.String()+" is not what is spoken here")
		return e.Message(), e.Status
	}
	p, err := wsa.Read(m)
	if err != nil {
		e := soap.Explain(err, m.Version)
		return e.Message(), e.Status
	}
	answer, answered, err := s.answer(enc, r, m, p)
	if err != nil {
		if fault, ok := errors.AsType[*soap.Fault](err); ok {
			err = &soap.Error{Version: m.Version, Fault: fault, Status: soap.StatusFault, Err: fault}
		}
		e := soap.Explain(err, m.Version)
		out, _, err := p.Answer(e)
		if err != nil {
			s.t.Errorf("make a fault: %v", err)
		}
		return out, e.Status
	}
	if !answered {
		return nil, http.StatusAccepted
	}
	if p.Version != wsa.None {
		reply, _, err := p.Reply(p.Action+"Response", false)
		if err == nil {
			err = reply.Write(answer)
		}
		if err != nil {
			s.t.Errorf("address the reply: %v", err)
		}
	}
	return answer, http.StatusOK
}

// answer checks a request and does what it asks; answered is false for what is not answered.
func (s *Service) answer(enc *encoder.Encoding, r *http.Request, m *soap.Message, p *wsa.Properties) (out *soap.Message, answered bool, err error) {
	typ := enc.Type
	if enc.Form == soap.Multipart {
		typ = mtom.StartInfo(&typ)
	}
	told, err := soap.ReadAction(m.Version, &typ, r.Header.Values("SOAPAction"))
	if err != nil {
		return nil, false, err
	}
	action, err := p.CheckAction(m.Version, told)
	if err != nil {
		return nil, false, err
	}
	node := soap.Node{Understands: func(n *infoset.Name) bool {
		return n.Is(Namespace, "Ticket") || n.Is(wssec.NamespaceSecext, "Security") || n.Space == p.Version.Namespace()
	}}
	if err := node.Check(m); err != nil {
		return nil, false, err
	}
	op, err := first(m)
	if err != nil {
		return nil, false, err
	}
	if n := op.Name(); n.Space != Namespace || action != "" && action != Namespace+"/"+n.Local {
		return nil, false, soap.Refuse(m.Version, soap.Sender, fmt.Sprintf("element {%s}%s with action %q is no operation", n.Space, n.Local, action))
	}
	how := " " + m.Version.String()
	if enc.Form == soap.Multipart {
		how += " MTOM"
	}
	out = soap.New(m.Version)
	f := fieldsOf(op)
	result, err := s.do(op.Name().Local, f, m, out, how)
	if f.err != nil { // what was asked for was not there: that goes before what came of it
		err = soap.Refuse(m.Version, soap.Sender, f.err.Error())
	}
	if err != nil {
		return nil, false, err
	}
	s.saw(op.Name().Local + how)
	if op.Name().Local == "Notify" {
		return nil, false, nil
	}
	out.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Space: Namespace, Local: op.Name().Local + "Response"})
		result(w)
		w.End()
		return w.Err()
	})
	return out, true, nil
}

// first gives the element in the body, after the message was read to its end.
func first(m *soap.Message) (e soap.Element, err error) {
	r, err := m.Body()
	if err != nil {
		return e, err
	}
	for {
		tok, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return e, nil
		case err != nil:
			return e, err
		case tok.Kind == infoset.StartElement:
			if e, err = soap.ReadElement(r, tok, 0); err != nil {
				return e, err
			}
		}
	}
}

// do does an operation and gives what writes its result.
func (s *Service) do(op string, f *fields, in, out *soap.Message, how string) (func(infoset.Writer), error) {
	switch op {
	case "Echo":
		text := f.text("text")
		return func(w infoset.Writer) { optional(w, "EchoResult", text) }, nil
	case "Add":
		sum := f.number("a") + f.number("b")
		return func(w infoset.Writer) { text(w, "AddResult", infoset.Int(sum)) }, nil
	case "Submit":
		o, err := readOrder(f.one("order"))
		if err != nil {
			return nil, soap.Refuse(in.Version, soap.Sender, err.Error())
		}
		if diff := o.Diff(Sample()); diff != "" {
			return nil, soap.Refuse(in.Version, soap.Sender, "not the order: "+diff)
		}
		o.ID++
		return func(w infoset.Writer) { o.write(w, "SubmitResult") }, nil
	case "Blob":
		b := Pattern(int(min(max(f.number("size"), 0), 1<<20)))
		return func(w infoset.Writer) { text(w, "BlobResult", infoset.Bytes(b)) }, nil
	case "Store":
		sum := Sum(f.bytes("data"))
		return func(w infoset.Writer) { text(w, "StoreResult", infoset.Int(sum)) }, nil
	case "Fail":
		kind := f.text("kind")
		if kind == nil {
			return nil, soap.Refuse(in.Version, soap.Sender, "no kind")
		}
		s.saw("fault " + *kind + how)
		return nil, Fault(*kind)
	case "Whoami":
		name, err := whoami(in)
		out.Headers = append(out.Headers, soap.TextHeader(infoset.Name{Prefix: "d", Space: Namespace, Local: "Receipt"}, infoset.String("r-"+Ticket)))
		return func(w infoset.Writer) { text(w, "WhoamiResult", infoset.String(name)) }, err
	case "Notify":
		if got := f.text("text"); got == nil || *got != Words {
			s.t.Errorf("notified of %v", got)
		}
		return func(infoset.Writer) {}, nil
	}
	return nil, soap.Refuse(in.Version, soap.Sender, "no operation "+op)
}

// whoami tells what the headers say: the ticket, and the user where there is a security header.
func whoami(m *soap.Message) (string, error) {
	ticket := m.Find(Namespace, "Ticket")
	if ticket == nil || ticket.Text() != Ticket {
		return "", soap.Refuse(m.Version, soap.Sender, "no ticket")
	}
	h, err := wssec.Find(m, "")
	if err != nil || h == nil {
		return "holder of " + Ticket, err
	}
	sec, err := wssec.Read(h)
	if err == nil && sec.Timestamp != nil {
		err = sec.Timestamp.Check(time.Now(), wssec.DefaultSkew)
	}
	if err == nil && sec.Username == nil {
		err = &wssec.Error{Code: wssec.InvalidSecurity, Detail: "no user name"}
	}
	if err == nil {
		err = sec.Username.Check(wssec.NewSecret(Secret), time.Now(), wssec.DefaultSkew)
	}
	if e, ok := errors.AsType[*wssec.Error](err); ok {
		return "", e.Refuse(m.Version)
	}
	return "user " + sec.Username.Username, err
}

// Fault gives the fault of a kind: sender, receiver, sub (with a code of the contract's own), typed (with a detail).
func Fault(kind string) *soap.Fault {
	switch kind {
	case "receiver":
		return soap.NewFault(soap.Receiver, "receiver reason")
	case "sub":
		return soap.NewFault(soap.Sender, "sub reason", xsd.QName{Prefix: "c", Space: "urn:example:codes", Local: "BadInput"})
	case "typed":
		f := soap.NewFault(soap.Sender, "typed reason")
		_ = f.SetDetail(func(w infoset.Writer) error { // what is written here is right
			w.Start(&infoset.Name{Space: Namespace, Local: "Oops"})
			text(w, "Code", infoset.Int(7))
			text(w, "Detail", infoset.String("typed detail"))
			w.End()
			return w.Err()
		})
		return f
	default:
		return soap.NewFault(soap.Sender, kind+" reason")
	}
}
