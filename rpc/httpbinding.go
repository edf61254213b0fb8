package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// HTTPBinding says how an operation goes over HTTP without SOAP (WSDL 1.1, 4): parameters in the URL or a form, the answer as XML.
type HTTPBinding struct {
	Method   string // GET or POST
	Location string // behind the address; of urlReplacement with (part) for each part
	Replace  bool   // http:urlReplacement; else the parts are urlencoded: in the query of a GET, the body of a POST
	XML      bool   // the request of a POST is XML (mime:mimeXml), not a form
}

// pairs gathers the children of an element and their texts.
func pairs(write func(infoset.Writer) error) (url.Values, []string, error) {
	values := url.Values{}
	if write == nil {
		return values, nil, nil
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	if err := write(w); err != nil {
		return nil, nil, err
	}
	r := xmltext.NewBytes(w.Bytes(), xmltext.Options{Quotas: infoset.Buffered()})
	var order []string
	name, text := "", []byte{}
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return values, order, nil
		}
		if err != nil {
			return nil, nil, err
		}
		switch {
		case t.Kind == infoset.StartElement && r.Depth() == 2:
			name, text = t.Name.Local, text[:0]
		case t.Kind == infoset.StartElement && r.Depth() > 2:
			return nil, nil, fmt.Errorf("part %s holds elements: no URL and no form can carry it", name)
		case t.Kind == infoset.Text && r.Depth() == 2:
			text = t.Value.AppendText(text)
		case t.Kind == infoset.EndElement && r.Depth() == 1:
			values.Add(name, string(text))
			order = append(order, name)
		}
	}
}

// httpCall makes the request of an HTTP binding.
func (x *exchange) httpCall(ctx context.Context, write func(infoset.Writer) error) (*http.Request, error) {
	b := x.op.HTTP
	address := strings.TrimSuffix(x.endpoint, "/") + b.Location
	var body io.Reader = http.NoBody
	contentType := ""
	if b.XML {
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if write != nil {
			if err := write(w); err != nil {
				return nil, fmt.Errorf("write the request: %w", err)
			}
		}
		body, contentType = bytes.NewReader(bytes.Clone(w.Bytes())), "text/xml; charset=utf-8"
	} else {
		values, order, err := pairs(write)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		switch {
		case b.Replace:
			for _, name := range order {
				address = strings.ReplaceAll(address, "("+name+")", url.PathEscape(values.Get(name)))
			}
		case b.Method == http.MethodPost:
			body, contentType = strings.NewReader(values.Encode()), "application/x-www-form-urlencoded"
		case len(values) > 0:
			address += "?" + values.Encode()
		}
	}
	r, err := http.NewRequestWithContext(ctx, b.Method, address, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Header, x.header)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r, nil
}

// doHTTP calls an operation of an HTTP binding.
func (x *exchange) doHTTP(ctx context.Context, write func(infoset.Writer) error, read func(*codec.Decoder) error) error {
	r, err := x.httpCall(ctx, write)
	if err != nil {
		return err
	}
	answer, err := x.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	src := &limited{src: answer.Body, left: x.size}
	if answer.StatusCode/100 != 2 {
		return statusError(answer, src)
	}
	if read == nil {
		return nil
	}
	content, err := io.ReadAll(src)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	d := codec.NewDecoder(xmltext.NewBytes(content, xmltext.Options{Quotas: infoset.Buffered(), SkipPI: true}))
	d.Strict, d.Report = x.strict, x.report
	if err := read(d); err != nil {
		return unread(err)
	}
	return nil
}

// plain finds the method of an HTTP binding that a request is for, with the parameters that its path holds.
func (h *Handler) plain(r *http.Request) (*Method, url.Values) {
	for i := range h.methods {
		b := h.methods[i].op.HTTP
		if b == nil || b.Method != r.Method || b.XML != (r.Method == http.MethodPost && !isForm(r)) {
			continue
		}
		if b.Replace {
			if values, ok := replaced(b.Location, r.URL.EscapedPath()); ok {
				return &h.methods[i], values
			}
			continue
		}
		if strings.HasSuffix(r.URL.Path, b.Location) {
			return &h.methods[i], nil
		}
	}
	return nil, nil
}

func isForm(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

// replaced matches the end of a path against a location with (part) in it.
func replaced(location, path string) (url.Values, bool) {
	want, have := strings.Split(strings.Trim(location, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(have) < len(want) {
		return nil, false
	}
	have = have[len(have)-len(want):]
	values := url.Values{}
	for i, segment := range want {
		if !segments(segment, have[i], values) {
			return nil, false
		}
	}
	return values, true
}

// segments matches one segment of a path: text as it stands, and parts up to the text behind them.
func segments(pattern, have string, values url.Values) bool {
	for {
		before, inner, ok := strings.Cut(pattern, "(")
		name, behind, closed := strings.Cut(inner, ")")
		if !ok || !closed {
			return pattern == have
		}
		rest, found := strings.CutPrefix(have, before)
		if !found {
			return false
		}
		literal, _, _ := strings.Cut(behind, "(")
		value, tail := rest, ""
		if literal != "" {
			if value, tail, found = strings.Cut(rest, literal); !found {
				return false
			}
			tail = literal + tail
		}
		plain, err := url.PathUnescape(value)
		if err != nil {
			return false
		}
		values.Set(name, plain)
		pattern, have = behind, tail
	}
}

// servePlain answers a request of an HTTP binding.
func (h *Handler) servePlain(w http.ResponseWriter, r *http.Request, m *Method, values url.Values) {
	q := &request{h: h, r: r, method: m, state: &serverState{}}
	document, err := h.plainRequest(r, m, values)
	if err != nil {
		http.Error(w, "the request cannot be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	d := codec.NewDecoder(xmltext.NewBytes(document, xmltext.Options{Quotas: infoset.Buffered()}))
	d.Strict, d.Report = h.strict, h.report
	write, err := q.serveDecoder(r.Context(), d)
	if bad, ok := errors.AsType[*requestError](err); ok {
		http.Error(w, "the request cannot be read: "+bad.Error(), http.StatusBadRequest)
		return
	}
	out := xmltext.NewWriter(nil, xmltext.WriterOptions{Declaration: true})
	if err == nil && write != nil {
		err = write(out)
	}
	if err != nil {
		h.failed(r.Context(), m.op.Name, err)
		http.Error(w, "the request could not be served", http.StatusInternalServerError)
		return
	}
	if write == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // the sender has gone: nobody is left to tell
}

// plainRequest makes a document of the parameters of a request.
func (h *Handler) plainRequest(r *http.Request, m *Method, values url.Values) ([]byte, error) {
	src := &limited{src: r.Body, left: h.size}
	switch {
	case m.op.HTTP.XML:
		return io.ReadAll(src)
	case m.op.HTTP.Replace:
	case r.Method == http.MethodPost:
		form, err := io.ReadAll(src)
		if err != nil {
			return nil, err
		}
		if values, err = url.ParseQuery(string(form)); err != nil {
			return nil, err
		}
	default:
		values = r.URL.Query()
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	root := m.op.Body
	w.Start(&root)
	for _, name := range m.op.Parts {
		for _, v := range values[name] {
			w.Start(&infoset.Name{Local: name})
			w.Text(infoset.String(v))
			w.End()
		}
	}
	w.End()
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return w.Bytes(), nil
}
