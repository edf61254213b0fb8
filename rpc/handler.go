package rpc

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// Method is an operation and what serves it. Make one with Serve, ServeIn, ServeOut or ServeNone.
type Method struct {
	op    *Operation
	serve func(ctx context.Context, d *codec.Decoder) (write func(infoset.Writer) error, err error)
}

// Serve makes a method of a function that takes and gives a message.
func Serve[In, Out any](op *Operation, in *codec.Document[In], out *codec.Document[Out], f func(context.Context, In) (Out, error)) Method {
	return Method{op: op, serve: func(ctx context.Context, d *codec.Decoder) (func(infoset.Writer) error, error) {
		v, err := in.Read(d)
		if err != nil {
			return nil, badRequest(err)
		}
		answer, err := f(ctx, v)
		return writer(out, answer), err
	}}
}

// ServeIn makes a method of a function that gives nothing back.
func ServeIn[In any](op *Operation, in *codec.Document[In], f func(context.Context, In) error) Method {
	return Method{op: op, serve: func(ctx context.Context, d *codec.Decoder) (func(infoset.Writer) error, error) {
		v, err := in.Read(d)
		if err != nil {
			return nil, badRequest(err)
		}
		return nil, f(ctx, v)
	}}
}

// ServeOut makes a method of a function that takes nothing.
func ServeOut[Out any](op *Operation, out *codec.Document[Out], f func(context.Context) (Out, error)) Method {
	return Method{op: op, serve: func(ctx context.Context, _ *codec.Decoder) (func(infoset.Writer) error, error) {
		answer, err := f(ctx)
		return writer(out, answer), err
	}}
}

// ServeNone makes a method of a function that takes and gives nothing.
func ServeNone(op *Operation, f func(context.Context) error) Method {
	return Method{op: op, serve: func(ctx context.Context, _ *codec.Decoder) (func(infoset.Writer) error, error) { return nil, f(ctx) }}
}

// requestError is a request that cannot be read: its sender's fault.
type requestError struct{ err error }

// Error says what is wrong.
func (e *requestError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *requestError) Unwrap() error { return e.err }

func badRequest(err error) error { return &requestError{err} }

// HandlerOption changes how a Handler works.
type HandlerOption func(*Handler)

// HandleMaxSize bounds a request in bytes after decompression; the default is DefaultSize.
func HandleMaxSize(bytes int64) HandlerOption { return func(h *Handler) { h.size = bytes } }

// HandleStrict refuses requests that differ from their schema.
func HandleStrict() HandlerOption { return func(h *Handler) { h.strict = true } }

// HandleReport is told of every deviation of a request from its schema.
func HandleReport(report func(*codec.Problem)) HandlerOption {
	return func(h *Handler) { h.report = report }
}

// HandleDescription serves wsdl at ?wsdl and ?singleWsdl.
func HandleDescription(wsdl []byte) HandlerOption { return func(h *Handler) { h.wsdl = wsdl } }

// HandleUnderstood names a header block that the methods look at though the description does not have it.
func HandleUnderstood(space, local string) HandlerOption {
	return func(h *Handler) { h.understood = append(h.understood, infoset.Name{Space: space, Local: local}) }
}

// Handler is a service over HTTP: of SOAP, and of operations whose HTTPBinding says that they go without.
//
// A request is found by version, then by its action, then by the element in its body. What cannot be served is answered with the fault
// that SOAP has for it, in the sender's version. A method's error is sent as the fault that it is (Faulter, *soap.Fault), else as an
// internal fault that tells nothing; so is a panic. What the sender is not told is logged: see HandleLogger.
type Handler struct {
	methods    []Method
	size       int64
	strict     bool
	report     func(*codec.Problem)
	log        *slog.Logger        // nil: slog.Default
	told       func(string, error) // nil: the log is
	wsdl       []byte
	understood []infoset.Name
}

// NewHandler makes a handler of methods.
func NewHandler(methods []Method, opts ...HandlerOption) *Handler {
	h := &Handler{methods: methods, size: DefaultSize}
	for _, o := range opts {
		o(h)
	}
	return h
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, values := h.plain(r)
	switch {
	case m != nil:
		h.servePlain(w, r, m, values)
	case r.Method == http.MethodPost:
		h.post(w, r)
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && h.wsdl != nil && (r.URL.Query().Has("wsdl") || r.URL.Query().Has("singleWsdl")):
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write(h.wsdl) // the sender has gone: nobody is left to tell
	default:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "this is a SOAP service: send requests by POST", http.StatusMethodNotAllowed)
	}
}

// request is one that is served.
type request struct {
	h      *Handler
	r      *http.Request
	form   soap.Form
	m      *soap.Message
	p      *wsa.Properties
	action string
	method *Method
	state  *serverState
	parts  *opened // of a message with attachments
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request) {
	q := &request{h: h, r: r, p: &wsa.Properties{}, state: &serverState{}}
	write, err := q.serve()
	answer := q.reply(write, err)
	if answer == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		if e, ok := errors.AsType[*soap.Error](err); ok {
			status = e.Status
		}
	}
	if status == soap.StatusUnsupported {
		http.Error(w, "the content type is none that this service reads", status)
		return
	}
	body, contentType, err := q.encode(answer, err)
	if err != nil {
		h.failed(r.Context(), q.name(), fmt.Errorf("write the answer: %w", err))
		status = http.StatusInternalServerError
		body, contentType, err = encode(soap.Explain(err, answer.Version).Message(), soap.Text, "")
		if err != nil {
			http.Error(w, "the answer could not be written", status)
			return
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the sender has gone: nobody is left to tell
}

func (q *request) encode(answer *soap.Message, err error) (body []byte, contentType string, wrong error) {
	if err == nil && len(q.state.attached) > 0 {
		return encodeAttached(answer, q.answerAction(err), q.state.attached)
	}
	return encode(answer, q.form, q.answerAction(err))
}

func (q *request) name() string {
	if q.method == nil {
		return ""
	}
	return q.method.op.Name
}

// answerAction is the action that the content type of an answer tells.
func (q *request) answerAction(err error) string {
	if err != nil || q.method == nil || q.p.Version == wsa.None {
		return ""
	}
	return q.method.op.OutAction
}

// serve reads the request, finds its method and calls it.
func (q *request) serve() (func(infoset.Writer) error, error) {
	if err := q.read(); err != nil {
		return nil, err
	}
	if err := q.find(); err != nil {
		return nil, err
	}
	node := &soap.Node{Understands: q.understands}
	if err := node.Check(q.m); err != nil {
		return nil, err
	}
	return q.call()
}

// read reads the message up to its body.
func (q *request) read() error {
	e, err := encoder.Select(q.r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	src := io.Reader(q.r.Body)
	if q.r.Header.Get("Content-Encoding") == "gzip" {
		if src, err = gzip.NewReader(src); err != nil {
			return soap.Refuse(e.Version, soap.Sender, "the body is not gzip, as its Content-Encoding says")
		}
	}
	if e, err = q.decode(e, &limited{src: src, left: q.h.size}); err != nil {
		return tooLarge(err)
	}
	q.form = e.Form
	if q.p, err = wsa.Read(q.m); err != nil {
		q.p = &wsa.Properties{}
		return err
	}
	told, err := soap.ReadAction(q.m.Version, &e.Type, q.r.Header["Soapaction"])
	if err != nil {
		return err
	}
	q.action, err = q.p.CheckAction(q.m.Version, told)
	return err
}

// decode reads the envelope, and the attachments beside it.
func (q *request) decode(e encoder.Encoding, src io.Reader) (encoder.Encoding, error) {
	decoding := encoder.Decoding{Quotas: infoset.Buffered(), Size: q.h.size, Multipart: mtom.Opener{Limits: mtom.Limits{Total: q.h.size}}}
	var err error
	if q.parts, err = openAttached(q.r.Header, src); err != nil {
		return e, soap.Explain(err, e.Version)
	}
	if q.parts == nil {
		q.m, err = e.Decode(src, decoding)
		return e, err
	}
	root, m, err := q.parts.decode(decoding)
	if err != nil {
		return e, err
	}
	q.m = m
	return *root, nil
}

// tooLarge gives the error its status.
func tooLarge(err error) error {
	if e, ok := errors.AsType[*soap.Error](err); ok && errors.Is(err, errTooLarge) {
		e.Status, e.Fault = soap.StatusTooLarge, soap.NewFault(soap.Sender, "the message is larger than this service takes")
	}
	return err
}

// find finds the method: by action and body element both, else by what one of them says alone.
func (q *request) find() error {
	element, version := q.bodyElement(), false
	best, score := -1, 0
	for i := range q.h.methods {
		op := q.h.methods[i].op
		if op.Version != q.m.Version {
			continue
		}
		version = true
		byAction := q.action != "" && (soap.SameAction(q.action, op.Action) || q.p.Version != wsa.None && q.action == op.WSAction)
		byBody := op.Body.Local == "" && element.Local == "" || op.Body.Local != "" && element.Same(&op.Body)
		n := 0
		switch {
		case byAction && byBody:
			n = 4
		case byBody && op.Body.Local != "" && (q.action == "" || op.Action == ""):
			n = 3
		case byAction && op.Body.Local == "":
			n = 2
		case byBody && op.Body.Local != "":
			n = 1
		}
		if n > score {
			best, score = i, n
		}
	}
	switch {
	case best >= 0:
		q.method = &q.h.methods[best]
		return nil
	case !version && len(q.h.methods) > 0:
		want := q.h.version()
		return soap.RefuseVersion(want, q.m.Version.Namespace())
	}
	return soap.Refuse(q.m.Version, soap.Sender, fmt.Sprintf("no operation takes element %s of namespace %s with action %s",
		infoset.Clip(element.Local), infoset.Clip(element.Space), infoset.Clip(q.action)))
}

// version is that of the first SOAP operation.
func (h *Handler) version() soap.Version {
	for i := range h.methods {
		if op := h.methods[i].op; op.HTTP == nil {
			return op.Version
		}
	}
	return soap.V11
}

// bodyElement gives the name of the first element in the body.
func (q *request) bodyElement() infoset.Name {
	if err := q.m.Buffer(0); err != nil {
		return infoset.Name{}
	}
	r, err := q.m.Body()
	if err != nil {
		return infoset.Name{}
	}
	for {
		t, err := r.Next()
		if err != nil {
			return infoset.Name{}
		}
		if t.Kind == infoset.StartElement {
			return *t.Name
		}
	}
}

// understands tells the header blocks that are understood: those of the operation, of addressing, and those that were named.
func (q *request) understands(n *infoset.Name) bool {
	if _, ok := wsa.VersionOf(n.Space); ok {
		return true
	}
	for _, list := range [][]infoset.Name{q.method.op.Headers, q.h.understood} {
		for i := range list {
			if n.Same(&list[i]) {
				return true
			}
		}
	}
	return false
}

// call calls the method. A panic is an error.
func (q *request) call() (write func(infoset.Writer) error, err error) {
	q.state.request = q.m
	if q.parts != nil {
		q.parts.place(q.method.op.AttachedIn)
		q.state.came = q.parts.attachments
	}
	err = decode(q.m, q.h.strict, q.h.report, func(d *codec.Decoder) (err error) {
		write, err = q.serveDecoder(q.r.Context(), d)
		return err
	})
	return write, err
}

func (q *request) serveDecoder(ctx context.Context, d *codec.Decoder) (write func(infoset.Writer) error, err error) {
	defer func() {
		if p := recover(); p != nil {
			write, err = nil, panicked(p)
		}
	}()
	return q.method.serve(context.WithValue(ctx, stateKey{}, q.state), d)
}

// reply makes the answer; nil is none.
func (q *request) reply(write func(infoset.Writer) error, err error) *soap.Message {
	if err == nil && q.method.op.OneWay {
		return nil
	}
	m, action := q.made(write, err)
	if q.p.Version == wsa.None {
		return m
	}
	p, send, addressed := q.p.Reply(action, err != nil)
	if addressed == nil && !send {
		return nil
	}
	if addressed == nil {
		addressed = p.Write(m)
	} else {
		m = nil // nobody knows where it should go
	}
	if addressed != nil {
		q.h.failed(q.r.Context(), q.name(), fmt.Errorf("address the answer: %w", addressed))
	}
	return m
}

// made makes the message of an answer or of an error, with its action.
func (q *request) made(write func(infoset.Writer) error, err error) (m *soap.Message, action string) {
	v := soap.V11
	if q.m != nil {
		v = q.m.Version
	}
	if err == nil {
		m = soap.New(v)
		m.Headers = q.state.headers
		if write != nil {
			m.SetBody(write)
		}
		return m, q.method.op.OutAction
	}
	if e, ok := errors.AsType[*soap.Error](err); ok {
		return e.Message(), q.p.Version.FaultAction(e.Fault)
	}
	m = soap.New(v)
	m.Headers = q.state.headers
	f := q.fault(err, v)
	m.SetFault(f)
	return m, q.faultAction(err, f)
}

// faultAction is the declared action of a fault, else the one of its code.
func (q *request) faultAction(err error, f *soap.Fault) string {
	if _, declared := errors.AsType[Faulter](err); declared && q.method != nil {
		for _, e := range f.Entries() {
			for i := range q.method.op.Faults {
				if t := &q.method.op.Faults[i]; t.Action != "" && e.Name().Same(&t.Element) {
					return t.Action
				}
			}
		}
	}
	return q.p.Version.FaultAction(f)
}

// fault gives the fault that an error is.
func (q *request) fault(err error, v soap.Version) *soap.Fault {
	if typed, ok := errors.AsType[Faulter](err); ok {
		f, wrong := typed.SOAPFault()
		if wrong == nil {
			return f
		}
		err = wrong
	} else if f, ok := errors.AsType[*soap.Fault](err); ok {
		return f
	} else if bad, ok := errors.AsType[*requestError](err); ok {
		return soap.NewFault(soap.Sender, "the request cannot be read: "+bad.Error())
	}
	q.h.failed(q.r.Context(), q.name(), err)
	return soap.Explain(err, v).Fault
}

// serverState is what a method may ask and say beside its messages.
type serverState struct {
	request  *soap.Message // nil: it goes without SOAP
	headers  []*soap.Header
	came     []Attachment
	attached []Attachment
}

type stateKey struct{}

// RequestHeader reads a typed header block of the request that ctx belongs to; false if it has none. Generated code calls it.
func RequestHeader[T any](ctx context.Context, doc *codec.Document[T]) (v T, ok bool, err error) {
	s, _ := ctx.Value(stateKey{}).(*serverState)
	if s == nil || s.request == nil {
		return v, false, nil
	}
	ok, err = readHeader(s.request, doc, &v)
	return v, ok, err
}

// SetResponseHeader adds a typed header block to the answer of the request that ctx belongs to. Generated code calls it.
func SetResponseHeader[T any](ctx context.Context, doc *codec.Document[T], v T) error {
	s, _ := ctx.Value(stateKey{}).(*serverState)
	if s == nil {
		return errors.New("rpc: the context is not that of a served request")
	}
	h, err := soap.NewHeader(func(w infoset.Writer) error { return doc.Write(w, v) })
	if err != nil {
		return err
	}
	s.headers = append(s.headers, h)
	return nil
}
