// Package oneway owns how a message of a one-way or an event relay is written for its target: SOAP in the encoding that the target speaks, and
// the session of net.tcp that brings one message to a WCF service.
//
// It does not own which target gets a message and what is told of it (bridge/connect), nor sessions with answers (internal/conversion/framed).
// Its functions keep no state and may be called from any goroutine; HandOver waits on its connection.
//
// Sources: docs/casts.md; [MC-NMF]; [MC-NBFS] section 2.1; WCF wire reference section 1.
package oneway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// MSBin1 is .NET's binary encoding of a message by itself, SOAP12 that of text.
const (
	MSBin1 = "application/soap+msbin1"
	SOAP12 = "application/soap+xml; charset=utf-8"
	soap11 = "text/xml; charset=utf-8"
)

// sniffed is how much of a message is looked at for the namespace of its envelope.
const sniffed = 1 << 10

// TypeOf is the content type of a message that came with contentType. A WebSocket says no more of a message than that it is text, or bytes: an
// envelope in either says itself what it is. All else is what it was said to be.
func TypeOf(contentType string, b []byte) string {
	switch media, _, _ := strings.Cut(strings.ToLower(contentType), ";"); strings.TrimSpace(media) {
	case "text/plain":
		head := bytes.TrimSpace(bytes.TrimPrefix(b[:min(len(b), sniffed)], []byte("\xef\xbb\xbf")))
		if !bytes.HasPrefix(head, []byte("<")) || !bytes.Contains(head, []byte("Envelope")) {
			return contentType
		}
		old, now := bytes.Index(head, []byte(soap.Namespace11)), bytes.Index(head, []byte(soap.Namespace12))
		switch {
		case old >= 0 && (now < 0 || old < now):
			return soap11
		case now >= 0:
			return SOAP12
		}
	case "application/octet-stream":
		if bytes.HasPrefix(b, []byte{0x56, 0x02}) { // a prefix of one letter, and Envelope by its number ([MC-NBFX] 2.2.1.3, [MC-NBFS] 2.1)
			return MSBin1
		}
	}
	return contentType
}

// Convert writes a SOAP message in another encoding of the same version. from and to are content
// types; a body that is no such message, or is longer than a message may be, is an error.
func Convert(b []byte, from, to string) ([]byte, error) {
	if len(b) > shape.MaxMessage {
		return nil, fmt.Errorf("a message of %d bytes", len(b))
	}
	in, err := encoder.Select(from)
	if err != nil {
		return nil, err
	}
	out, err := encoder.Select(to)
	if err != nil {
		return nil, err
	}
	m, err := in.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered(), Size: shape.MaxMessage})
	if err != nil {
		return nil, err
	}
	var written bytes.Buffer
	if err := out.Encode(&written, m, nil); err != nil {
		return nil, err
	}
	return written.Bytes(), nil
}

// Action finds what a message in text asks for: its wsa:Action of WS-Addressing 1.0, "" when it names none.
func Action(b []byte) string {
	scan := &rewrite.Scanner{Form: soap.Text}
	if scan.Scan(b) != nil {
		return ""
	}
	action, _, err := scan.Text(b, wsa.V10.Namespace(), "Action")
	if err != nil {
		return ""
	}
	return string(action)
}

// Reason is what a fault in SOAP says for people, in English where it has that. "": b is no fault. contentType is that of b.
func Reason(contentType string, b []byte) string {
	enc, err := encoder.Select(contentType)
	if err != nil {
		return ""
	}
	m, err := enc.DecodeBytes(b, encoder.Decoding{Quotas: infoset.Buffered(), Size: shape.MaxMessage})
	if err != nil {
		return ""
	}
	f, err := m.Fault()
	if err != nil || f == nil {
		return ""
	}
	return f.Reason("en")
}

// HandOver brings a message to a service in a session that has begun (framed.Open) and brings nothing else, and returns when the service has
// ended it in order: message, end, end. A message by itself is one of a session whose dictionary is empty: its table of strings is one zero
// byte. message is in MSBin1. The caller bounds the time by the connection's deadline, and closes it.
func HandOver(conn net.Conn, message []byte) error {
	b := framing.AppendSized(nil, append([]byte{0}, message...))
	if _, err := conn.Write(append(b, byte(framing.End))); err != nil {
		return err
	}
	return (&records{conn: conn}).end(new(framing.Decoder))
}

// records reads what a service says.
type records struct {
	conn net.Conn
	buf  []byte
	room [512]byte
}

// end reads up to the end. What a service says on its own before that is for nobody.
func (r *records) end(d *framing.Decoder) error {
	for {
		ev, n, err := d.Next(r.buf)
		r.buf = r.buf[n:]
		switch {
		case errors.Is(err, framing.ErrShort):
			n, err := r.conn.Read(r.room[:])
			if r.buf = r.room[:n]; n == 0 {
				if errors.Is(err, io.EOF) { // an end in order all the same
					return nil
				}
				return err
			}
		case err != nil:
			return err
		case ev.Kind == framing.End:
			return nil
		case ev.Kind == framing.FaultRecord:
			f, _ := framing.ParseFault(ev.Data)
			return fmt.Errorf("the service says %s", f)
		}
	}
}
