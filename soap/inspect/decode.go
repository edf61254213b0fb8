package inspect

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// Decode finds out what input is and reads it as far as it can be read. The
// report is never nil and has what was found before an error. A message that
// cannot be read to its end is not an error of the whole: its Err says why, and
// Decode gives the first such error too.
func Decode(input []byte) (*Report, error) {
	r := &Report{Kind: "document", Size: len(input)}
	// A hex dump is never taken for anything else: the other forms have bytes that
	// no dump has in its first line.
	raw := input
	if b, ok := unhex(input); ok {
		raw, r.Hex, r.Size = b, true, len(b)
	}
	switch {
	case len(raw) == 0:
		return r, &infoset.Error{Reason: infoset.Truncated, Detail: "there are no bytes"}
	case isHTTP(raw):
		r.Kind = "http"
		err := r.http(raw)
		return r, err
	case looksFramed(raw):
		framed := &Report{Kind: "net.tcp stream", Hex: r.Hex, Size: r.Size}
		err := framed.stream(raw)
		// A session message alone can begin like a record. If the walk got
		// lost and the bytes are a whole document, they are that.
		if err != nil && len(framed.Messages) == 0 {
			if alone := r.message(0, raw, "", xmlbin.NewReaderSession(maxSession)); alone == nil {
				return r, nil
			}
		}
		return framed, err
	}
	err := r.message(0, raw, "", xmlbin.NewReaderSession(maxSession))
	return r, err
}

// stream reads one direction of a net.tcp connection.
func (r *Report) stream(raw []byte) error {
	var first error
	session := xmlbin.NewReaderSession(maxSession)
	s := &stream{b: raw}
	// Strings live as long as a framing session; a connection may carry several
	// behind each other ([MC-NMF] 3.1.1).
	s.restart = func() { session = xmlbin.NewReaderSession(maxSession) }
	s.envelope = func(at int, payload []byte, s *stream) {
		if err := r.message(at, payload, s.encoding, session); err != nil && first == nil {
			first = err
		}
	}
	err := s.walk()
	r.Records = s.records
	if first != nil {
		return first
	}
	return err
}

// message reads one payload and adds it to the report.
func (r *Report) message(at int, payload []byte, encoding string, session *xmlbin.ReaderSession) error {
	m := Message{Offset: at, Size: len(payload)}
	before := session.Len()
	f, err := open(payload, encoding, session)
	// What was found out before an error is kept: it helps to see it.
	m.Form, m.Inside, m.Strings, m.Doc = f.name, f.outside, f.fresh, f.doc
	if len(f.fresh) > 0 {
		m.FirstID = 2*before + 1
	}
	if err == nil {
		m.tree = &tree{}
		err = m.tree.read(f.reader)
		m.XML = string(m.tree.indented())
		m.Summary = m.tree.summary()
	}
	if err != nil {
		m.Err = err.Error()
	}
	r.Messages = append(r.Messages, m)
	return err
}

// isHTTP reports whether b begins as an HTTP/1 message.
func isHTTP(b []byte) bool {
	line, _, ok := bytes.Cut(b[:min(len(b), maxRecordText)], []byte("\r\n"))
	return ok && (bytes.HasPrefix(line, []byte("HTTP/1.")) || bytes.HasSuffix(line, []byte(" HTTP/1.1")) || bytes.HasSuffix(line, []byte(" HTTP/1.0")))
}

// http reads one or more HTTP messages behind each other.
func (r *Report) http(raw []byte) error {
	var first error
	// Requests or responses of one connection, as a capture has them.
	for rest := raw; len(rest) > 0; {
		at := len(raw) - len(rest)
		head, body, ok := bytes.Cut(rest, []byte("\r\n\r\n"))
		if !ok {
			return &infoset.Error{Reason: infoset.Truncated, Offset: int64(at), Detail: "head of an HTTP message"}
		}
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		r.Records = append(r.Records, Record{Offset: at, Text: printable(line)})
		if strings.EqualFold(field(head, "Upgrade"), "websocket") {
			return r.webSocket(len(raw)-len(body), body)
		}
		// Each body is a message of its own: sessions need net.tcp or WebSocket.
		payload, after, err := httpBody(head, body)
		if err != nil {
			return err
		}
		switch {
		case len(payload) == 0:
		case !mayBeXML(head, payload):
			r.Records = append(r.Records, Record{Offset: len(raw) - len(body), Text: fmt.Sprintf("%d bytes of %s", len(payload), printable([]byte(field(head, "Content-Type"))))})
		default:
			session := xmlbin.NewReaderSession(maxSession)
			if err := r.message(len(raw)-len(body), payload, mediaType(head), session); err != nil && first == nil {
				first = err
			}
		}
		rest = after
	}
	return first
}

// field gives the value of a header field, "" if there is none.
func field(head []byte, name string) string {
	for _, line := range strings.Split(string(head), "\r\n")[1:] {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// mediaType gives the content type if it tells a binary encoding, and what
// compression the head names as a suffix, as WCF spells it.
func mediaType(head []byte) string {
	t := strings.ToLower(field(head, "Content-Type"))
	if !strings.HasPrefix(t, binaryType) {
		t = ""
	}
	t, _, _ = strings.Cut(t, ";")
	t = strings.TrimSpace(t)
	if strings.EqualFold(field(head, "Content-Encoding"), "deflate") {
		t += "+deflate"
	}
	return t
}

// mayBeXML reports whether a body is worth a try: other things travel in HTTP.
func mayBeXML(head, body []byte) bool {
	t := strings.ToLower(field(head, "Content-Type"))
	return t == "" || strings.Contains(t, "xml") || strings.Contains(t, "soap") || strings.Contains(t, "multipart") || isText(body) && !strings.Contains(t, "html")
}

// httpBody cuts the body of a message off what follows its head.
func httpBody(head, b []byte) (body, after []byte, err error) {
	if strings.EqualFold(field(head, "Transfer-Encoding"), "chunked") {
		return chunked(b)
	}
	length := field(head, "Content-Length")
	if length == "" && (!bytes.HasPrefix(head, []byte("HTTP/")) || bodiless(head)) {
		return nil, b, nil
	}
	n, ok := decimal(length)
	if !ok || n > len(b) {
		// A response up to the end of the connection, or a body that is cut
		// off: what is there may still be readable.
		return b, nil, nil
	}
	return b[:n], b[n:], nil
}

// bodiless reports whether a response never has a body (RFC 9110, 6.4.1).
func bodiless(head []byte) bool {
	_, status, _ := bytes.Cut(head[:min(len(head), 16)], []byte{' '})
	return bytes.HasPrefix(status, []byte{'1'}) || bytes.HasPrefix(status, []byte("204")) || bytes.HasPrefix(status, []byte("304"))
}

// decimal reads a length.
func decimal(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err == nil
}

func chunked(b []byte) (body, after []byte, err error) {
	for {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		size, _, _ := strings.Cut(string(line), ";")
		n, convErr := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if !ok || convErr != nil || int(n) > len(rest) {
			return nil, nil, &infoset.Error{Reason: infoset.Malformed, Offset: -1, Detail: "chunks of an HTTP body"}
		}
		if n == 0 {
			_, after, _ = bytes.Cut(b, []byte("\r\n\r\n"))
			return body, after, nil
		}
		body = append(body, rest[:n]...)
		b = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}
