package encoder

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const (
	typeBinary    = "application/soap+msbin1"
	typeSession   = "application/soap+msbinsession1"
	typeMultipart = "multipart/related"
)

// Encoding is what a content type says about a message.
type Encoding struct {
	// Version is the envelope's. For Multipart it is None until the message is
	// opened.
	Version soap.Version
	Form    soap.Form
	// Charset is the encoding of text. When reading, a message without charset is
	// looked at to find out.
	Charset xmltext.Encoding
	// Compression is "gzip" or "deflate", empty for none (binary only).
	Compression string
	// Type is the content type as it came.
	Type soap.MediaType

	charset string // in lower case, empty for none
}

// The content types of nearly all text, as WCF writes them.
const (
	usual11 = "text/xml; charset=utf-8"
	usual12 = "application/soap+xml; charset=utf-8"
)

// usual are the encodings that they and that of a session name, so that those are not found for each message. Nobody changes their
// parameters.
var usual = func() (all [3]Encoding) {
	for i, contentType := range [...]string{usual11, usual12, typeSession} {
		all[i], _ = selected(contentType) // which is right
	}
	return all
}()

// Select chooses the encoding that a content type names. The parameters of its Type
// are read only. The error is an *soap.Error with soap.StatusUnsupported: such a
// message is answered without body.
func Select(contentType string) (Encoding, error) {
	switch contentType {
	case usual11:
		return usual[0], nil
	case usual12:
		return usual[1], nil
	case typeSession:
		return usual[2], nil
	}
	return selected(contentType)
}

func selected(contentType string) (Encoding, error) {
	t, err := soap.ParseMediaType(contentType)
	if err != nil {
		return Encoding{}, unsupported(contentType, err)
	}
	e := Encoding{Type: t}
	// The binary types take a suffix for compression; in application/soap+xml the
	// plus is part of the name.
	base, packed, _ := strings.Cut(t.Type, "1+")
	if packed == "gzip" || packed == "deflate" {
		e.Compression = packed
		base += "1"
	} else {
		base = t.Type
	}
	switch base {
	case "text/xml":
		e.Version = soap.V11
	case "application/soap+xml":
		e.Version = soap.V12
	case typeBinary:
		e.Version, e.Form = soap.V12, soap.Binary
		return e, nil
	case typeSession:
		e.Version, e.Form = soap.V12, soap.Session
		return e, nil
	case typeMultipart:
		e.Form = soap.Multipart
		return e, nil
	default:
		return Encoding{}, unsupported(contentType, nil)
	}
	if err := e.setCharset(); err != nil {
		return Encoding{}, unsupported(contentType, err)
	}
	return e, nil
}

// unsupported is the error for a message that is not read at all.
func unsupported(contentType string, err error) *soap.Error {
	what := "content type " + infoset.Clip(contentType) + " is none that can be read here"
	if contentType == "" {
		what = "missing content type"
	}
	e := soap.Refuse(soap.V11, soap.Sender, what)
	e.Status, e.Err = soap.StatusUnsupported, err
	return e
}

// setCharset reads the parameter charset. Names are those that decoders here
// have; quotes and spaces around them are peers' own.
func (e *Encoding) setCharset() error {
	name, _ := e.Type.Param("charset")
	e.charset = strings.ToLower(strings.Trim(name, " '"))
	switch e.charset {
	case "", "utf-8", "utf8", "us-ascii", "iso-8859-1":
	case "utf-16", "utf-16le", "unicode":
		e.Charset = xmltext.UTF16LE
	case "utf-16be":
		e.Charset = xmltext.UTF16BE
	default:
		return errors.New("charset " + infoset.Clip(name))
	}
	return nil
}

// ContentType gives the content type to send a message of this encoding with.
// action is the parameter of 1.2, left out if empty; 1.1 has it in SOAPAction
// (QuoteAction). Multipart has its own.
func (e *Encoding) ContentType(action string) string {
	t := soap.MediaType{Type: e.Version.MediaType()}
	switch e.Form {
	case soap.Binary, soap.Session:
		t.Type = typeBinary
		if e.Form == soap.Session {
			t.Type = typeSession
		}
		if e.Compression != "" {
			t.Type += "+" + e.Compression
		}
		return t.Type
	case soap.Multipart:
		return e.Type.String()
	}
	if e.Charset == xmltext.UTF8 && e.Version == soap.V11 {
		return usual11
	}
	if e.Charset == xmltext.UTF8 && e.Version == soap.V12 && action == "" {
		return usual12
	}
	charset := "utf-8"
	switch e.Charset {
	case xmltext.UTF16LE:
		charset = "utf-16"
	case xmltext.UTF16BE:
		charset = "utf-16BE"
	}
	t.Params = []soap.Param{{Name: "charset", Value: charset}}
	if action != "" && e.Version == soap.V12 {
		quoted := soap.QuoteAction(action)
		t.Params = append(t.Params, soap.Param{Name: "action", Value: quoted[1 : len(quoted)-1]})
	}
	return t.String()
}

// Decoding is what Decode needs besides the encoding. The zero Decoding is right
// for a message of msbin1 or text that comes in a stream.
type Decoding struct {
	// Quotas bound what is read; zero fields have WCF's defaults.
	Quotas infoset.Quotas
	Limits soap.Limits
	// Size bounds a compressed message after decompression in bytes, and a
	// message of a session; 0 is 64 KiB (WCF's MaxReceivedMessageSize).
	Size int64
	// Session is the dictionary of this direction; Form Session needs it.
	Session *xmlbin.ReaderSession
	// Multipart opens multipart messages; without it they are refused.
	Multipart soap.Multiparter
	// Text and Binary are readers that DecodeBytes uses instead of new ones, so
	// that a program that decodes many messages allocates less. They are taken
	// until the body was read or the message is given up. Nil: new ones.
	Text   *xmltext.Reader
	Binary *xmlbin.Reader
	// Room is where DecodeBytes reads the message into; nil: into memory of its own.
	Room *soap.Room
}

// read reads the message.
func (d *Decoding) read(r infoset.Reader, v soap.Version) (*soap.Message, error) {
	if d.Room != nil {
		return d.Room.Read(r, v, d.Limits)
	}
	return soap.Read(r, v, d.Limits)
}

// defaultSize is WCF's MaxReceivedMessageSize.
const defaultSize = 64 << 10

// Decode reads a message of this encoding up to the content of its body; the rest
// of src is read with that. Every error is an *soap.Error.
func (e *Encoding) Decode(src io.Reader, d Decoding) (*soap.Message, error) {
	size := d.Size
	if size <= 0 {
		size = defaultSize
	}
	if e.Compression != "" {
		src = &capped{src: &inflater{src: src, deflate: e.Compression == "deflate"}, left: size}
	}
	switch e.Form {
	case soap.Binary:
		r := xmlbin.NewReader(src, xmlbin.Options{Quotas: d.Quotas})
		return soap.Read(r, e.Version, d.Limits)
	case soap.Session:
		return e.decodeSession(&capped{src: src, left: size}, d)
	case soap.Multipart:
		if d.Multipart == nil {
			return nil, unsupported(e.Type.Type, nil)
		}
		t := e.Type // so that e stays its owner's
		r, root, err := d.Multipart.Open(&t, src, d.Quotas)
		if err != nil {
			return nil, soap.Explain(err, soap.V11)
		}
		// The root part has a content type of its own, which tells the version.
		inside, err := Select(root.String())
		if err != nil {
			return nil, err
		}
		e.Version = inside.Version
		return soap.Read(r, e.Version, d.Limits)
	}
	// Text.
	src, err := e.checkCharset(src)
	if err != nil {
		return nil, err
	}
	return soap.Read(xmltext.NewReader(src, xmltext.Options{Quotas: d.Quotas}), e.Version, d.Limits)
}

// DecodeBytes is Decode of a message that lies in memory: its body is read from b,
// which must not change until then.
func (e *Encoding) DecodeBytes(b []byte, d Decoding) (*soap.Message, error) {
	switch {
	case e.Compression != "" || e.Form == soap.Multipart:
		return e.Decode(bytes.NewReader(b), d)
	case e.Form == soap.Text:
		prefix, err := e.checkHead(b[:min(len(b), headSize)])
		switch {
		case err != nil:
			return nil, err
		case prefix != "":
			return e.Decode(bytes.NewReader(b), d)
		}
		if d.Text == nil {
			d.Text = &xmltext.Reader{}
		}
		d.Text.Begin(b, xmltext.Options{Quotas: d.Quotas})
		return d.read(d.Text, e.Version)
	case e.Form == soap.Session:
		var err error
		if b, err = e.sessionDocument(b, &d); err != nil {
			return nil, err
		}
	default:
		d.Session = nil
	}
	if d.Binary == nil {
		d.Binary = &xmlbin.Reader{}
	}
	d.Binary.Begin(b, xmlbin.Options{Quotas: d.Quotas, Session: d.Session})
	return d.read(d.Binary, e.Version)
}

// sessionDocument takes the string table off a message of a session.
func (e *Encoding) sessionDocument(b []byte, d *Decoding) ([]byte, error) {
	size := d.Size
	if size <= 0 {
		size = defaultSize
	}
	switch {
	case d.Session == nil:
		return nil, unsupported(typeSession, errors.New("no session"))
	case int64(len(b)) > size:
		return nil, soap.Explain(&infoset.Error{Reason: infoset.Quota, Offset: -1, Detail: sizeDetail}, e.Version)
	}
	doc, err := d.Session.Table(b)
	if err != nil {
		return nil, soap.Explain(err, e.Version)
	}
	return doc, nil
}

// decodeSession reads a message whole: its string table may have any size.
func (e *Encoding) decodeSession(src io.Reader, d Decoding) (*soap.Message, error) {
	if d.Session == nil {
		return nil, unsupported(typeSession, errors.New("no session"))
	}
	b, err := io.ReadAll(src)
	if err != nil {
		return nil, soap.Explain(err, e.Version)
	}
	doc, err := d.Session.Table(b)
	if err != nil {
		return nil, soap.Explain(err, e.Version)
	}
	return soap.Read(xmlbin.NewBytes(doc, xmlbin.Options{Quotas: d.Quotas, Session: d.Session}), e.Version, d.Limits)
}

// checkCharset looks at the beginning of a text message. The charset of the
// content type and what the document says of itself must not contradict (RFC
// 7303, 3); a document in ISO-8859-1 that says nothing is told to its reader.
func (e *Encoding) checkCharset(src io.Reader) (io.Reader, error) {
	if e.charset == "" {
		return src, nil
	}
	head := make([]byte, headSize)
	n, err := io.ReadFull(src, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, soap.Explain(err, e.Version)
	}
	head = head[:n]
	prefix, err := e.checkHead(head)
	if err != nil {
		return nil, err
	}
	src = io.MultiReader(bytes.NewReader(head), src)
	if prefix != "" {
		src = io.MultiReader(strings.NewReader(prefix), src)
	}
	return src, nil
}

// headSize is how much of a message is looked at for its encoding: more than any
// XML declaration has.
const headSize = 256

// usualHead is how nearly all text begins that says what it is. It says that it is UTF-8.
const usualHead = `<?xml version="1.0" encoding="utf-8"?>`

// checkHead is checkCharset for the first bytes of a message. It gives what has to
// stand before them for a reader to know the encoding.
func (e *Encoding) checkHead(head []byte) (prefix string, err error) {
	if e.charset == "" || e.charset == "utf-8" && len(head) >= len(usualHead) && string(head[:len(usualHead)]) == usualHead {
		return "", nil
	}
	n := len(head)
	// UTF-16 shows by its mark, or by one zero in the first two bytes: the first
	// character of a document is ASCII (XML 1.0, appendix F).
	wide := bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) ||
		len(head) > 1 && (head[0] == 0) != (head[1] == 0)
	declared := []byte(nil)
	if !wide {
		declared = declaredEncoding(head)
	}
	says := ""
	if len(declared) > 0 {
		if says = e.charset; string(declared) != says {
			says = strings.ToLower(string(declared))
		}
	}
	switch wants16 := e.Charset != xmltext.UTF8; {
	case n > 1 && wide != wants16:
		return "", soap.Refuse(e.Version, soap.Sender, "charset "+infoset.Clip(e.charset)+" of the content type is not that of the message")
	case says != "" && canonicalCharset(says) != canonicalCharset(e.charset) && says != "us-ascii":
		return "", soap.Refuse(e.Version, soap.Sender, "charset "+infoset.Clip(e.charset)+" of the content type, encoding "+infoset.Clip(declared)+" of the message")
	case e.charset == "iso-8859-1" && says == "":
		return `<?xml version="1.0" encoding="iso-8859-1"?>`, nil
	}
	return "", nil
}

// canonicalCharset gives one name for charsets that are the same here.
func canonicalCharset(s string) string {
	switch s {
	case "utf8", "us-ascii":
		return "utf-8"
	case "latin1":
		return "iso-8859-1"
	}
	return s
}

// declaredEncoding gives the encoding in an XML declaration, nothing if there is none.
func declaredEncoding(head []byte) []byte {
	head = bytes.TrimPrefix(head, []byte{0xEF, 0xBB, 0xBF})
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return nil
	}
	end := bytes.Index(head, []byte("?>"))
	if end < 0 {
		return nil
	}
	_, after, ok := bytes.Cut(head[:end], []byte("encoding"))
	if !ok {
		return nil
	}
	after = bytes.Trim(after, " \t\r\n=")
	if len(after) < 2 {
		return nil
	}
	name, _, _ := bytes.Cut(after[1:], after[:1])
	return name
}
