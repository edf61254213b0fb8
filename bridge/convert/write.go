package convert

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// errFull says that a conversion made more bytes than may be: a few bytes of binary XML can stand for much text.
var errFull = errors.New("the message is too large")

// bounded gathers a message, at most most bytes.
type bounded struct {
	b    []byte
	most int
	full bool
}

// Write implements io.Writer.
func (w *bounded) Write(p []byte) (int, error) {
	if len(w.b)+len(p) > w.most {
		w.full = true
		return 0, errFull
	}
	w.b = append(w.b, p...)
	return len(p), nil
}

// write encodes a message whole, and says how HTTP announces it.
func (c *Converter) write(t *tools, m *soap.Message, enc *encoder.Encoding, s *Session, id [16]byte, v wsa.Version, action string) (Message, error) {
	told, most := t.told, c.most()
	if s != nil {
		told = s.out
	}
	out := Message{ContentType: enc.ContentType(contentAction(enc, v, action))}
	var err error
	var b []byte // in a buffer that the next message gets
	switch enc.Form {
	case soap.Text:
		t.toText.Begin(nil, xmltext.WriterOptions{Encoding: enc.Charset, Declaration: enc.Charset != xmltext.UTF8, Limit: int64(most)})
		err = m.Write(&t.toText)
		b = t.toText.Bytes()
	case soap.Binary, soap.Session:
		o := xmlbin.WriterOptions{AllNames: true, Limit: most}
		if enc.Form == soap.Session {
			o.Session = told
		}
		t.toBinary.Begin(nil, o)
		err = m.Write(&t.toBinary)
		b = t.toBinary.Bytes()
	default:
		out.ContentType, b, err = c.writeParts(t, m, id)
	}
	switch is := enc.Form == soap.Session; {
	case err == nil && len(b) <= most && is:
		out.Body = append(told.AppendTable(make([]byte, 0, told.TableSize()+len(b))), b...)
		return out, nil
	case err == nil && len(b) <= most:
		out.Body = bytes.Clone(b)
		return out, nil
	case is:
		told.Discard()
	}
	return out, c.unwritten(t, m, err)
}

// writeParts writes a multipart message, and gives its content type.
func (c *Converter) writeParts(t *tools, m *soap.Message, id [16]byte) (contentType string, b []byte, err error) {
	t.out.most = c.most()
	o := mtom.WriterOptions{Version: m.Version, Boundary: "uuid:" + infoset.GUID(id).String() + "+id=1", ID: hex.EncodeToString(id[:8]), Limit: int64(c.most())}
	err = m.Write(mtom.NewWriter(&t.out, o))
	return o.ContentType(), t.out.b, err
}

// unwritten is the error for a message that was not written; err is nil where it was, and is too large.
func (c *Converter) unwritten(t *tools, m *soap.Message, err error) error {
	_, read := errors.AsType[*soap.Error](err)
	if wrote, ok := errors.AsType[*infoset.Error](err); err == nil || t.out.full || !read && ok && wrote.Reason == infoset.Quota {
		return tooLarge(m.Version, c.most())
	}
	return err
}

// contentAction is the action parameter of a content type: SOAP 1.2 without addressing has the action there.
func contentAction(enc *encoder.Encoding, v wsa.Version, action string) string {
	if enc.Form == soap.Text && enc.Version == soap.V12 && v == wsa.None {
		return action
	}
	return ""
}

// tooLarge is the error for a message beyond the bound.
func tooLarge(v soap.Version, most int) *soap.Error {
	e := soap.Refuse(v, soap.Sender, fmt.Sprintf("the message is larger than %d bytes, which is what can be converted; send less at once, or use one binding on both sides", most))
	e.Status = soap.StatusTooLarge
	return e
}

// multipart opens MTOM within the bound.
func multipart(most int) soap.Multiparter {
	return mtom.Opener{Limits: mtom.Limits{Total: int64(most), Memory: int64(most)}}
}

// code is a fault code of WS-Security.
func code(local string) xsd.QName {
	return xsd.QName{Prefix: "o", Space: wssec.NamespaceSecext, Local: local}
}

// renameCodes makes f, which was read from the body of m, its body again, with the codes of another version of addressing.
func renameCodes(m *soap.Message, f *soap.Fault, to wsa.Version) {
	if f == nil {
		return
	}
	c := *f
	c.Code, c.Subcodes = codesOf(f, to)
	m.SetFault(&c)
}

// codesOf gives code and subcodes of a fault in the namespace of another version of addressing.
func codesOf(f *soap.Fault, to wsa.Version) (xsd.QName, []xsd.QName) {
	rename := func(q xsd.QName) xsd.QName {
		if _, ok := wsa.VersionOf(q.Space); ok {
			q.Space = to.Namespace()
		}
		return q
	}
	var subcodes []xsd.QName
	for _, q := range f.Subcodes {
		subcodes = append(subcodes, rename(q))
	}
	return rename(f.Code), subcodes
}
