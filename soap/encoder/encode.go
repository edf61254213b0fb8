package encoder

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Encode writes m to dst in this encoding, whose version must be the message's.
// session is the dictionary of this direction and for Form Session alone; such a
// message is gathered before it goes out, as its string table comes first. A
// failed message of a session leaves no strings behind. Multipart messages are
// package mtom's to write.
func (e *Encoding) Encode(dst io.Writer, m *soap.Message, session *xmlbin.WriterSession) error {
	if m.Version != e.Version {
		return &infoset.Error{Reason: infoset.Misuse, Offset: -1, Detail: "message of " + m.Version.String() + " in an encoding of " + e.Version.String()}
	}
	switch e.Form {
	case soap.Text:
		declare := e.Charset != xmltext.UTF8 // as WCF does it
		return m.Write(xmltext.NewWriter(dst, xmltext.WriterOptions{Encoding: e.Charset, Declaration: declare}))
	case soap.Binary, soap.Session:
		return e.compress(dst, func(dst io.Writer) error {
			if e.Form == soap.Binary {
				return m.Write(xmlbin.NewWriter(dst, xmlbin.WriterOptions{}))
			}
			return encodeSession(dst, m, session)
		})
	}
	return errors.New("encoder: encode: a multipart message is written with package mtom")
}

// encodeSession writes the string table and the document behind it in one piece.
func encodeSession(dst io.Writer, m *soap.Message, session *xmlbin.WriterSession) error {
	if session == nil {
		return errors.New("encoder: encode: a message of a session needs the session")
	}
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{Session: session})
	if err := m.Write(w); err != nil {
		session.Discard()
		return err
	}
	if _, err := dst.Write(append(session.AppendTable(nil), w.Bytes()...)); err != nil {
		return &infoset.Error{Reason: infoset.Source, Offset: -1, Err: err}
	}
	return nil
}

// compress puts compression between write and dst.
func (e *Encoding) compress(dst io.Writer, write func(io.Writer) error) error {
	var z io.WriteCloser
	switch e.Compression {
	case "":
		return write(dst)
	case "gzip":
		z = gzip.NewWriter(dst)
	default:
		var err error
		if z, err = flate.NewWriter(dst, flate.DefaultCompression); err != nil {
			return err
		}
	}
	if err := write(z); err != nil {
		return err
	}
	return z.Close()
}
