package xmlbin_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/beevik/etree"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// envelope writes a message of n orders as a WCF client does: headers of
// WS-Addressing, a list of orders in the body, values of their types. Both
// encodings come from here, so they are the same document.
func envelope(w infoset.Writer, n int) {
	const (
		soap    = "http://www.w3.org/2003/05/soap-envelope"
		wsa     = "http://www.w3.org/2005/08/addressing"
		service = "http://tempuri.org/"
		orders  = "urn:example:orders"
		xsi     = "http://www.w3.org/2001/XMLSchema-instance"
	)
	start := func(prefix, space, local string, d infoset.Dict) {
		w.Start(&infoset.Name{Prefix: prefix, Space: space, Local: local, Dict: d})
	}
	header := func(local string, must bool, v infoset.Value) {
		start("a", wsa, local, infoset.Shared)
		if must {
			w.Attr(&infoset.Name{Prefix: "s", Space: soap, Local: "mustUnderstand", Dict: infoset.Shared}, infoset.Int(1))
		}
		w.Text(v)
		w.End()
	}
	leaf := func(local string, v infoset.Value) {
		start("b", orders, local, infoset.SessionOnly)
		w.Text(v)
		w.End()
	}
	start("s", soap, "Envelope", infoset.Shared)
	w.Declare(infoset.Decl{Prefix: "s", Space: soap, Dict: infoset.Shared})
	w.Declare(infoset.Decl{Prefix: "a", Space: wsa, Dict: infoset.Shared})
	start("s", soap, "Header", infoset.Shared)
	header("Action", true, infoset.DictString("http://tempuri.org/IOrders/Submit", infoset.SessionOnly))
	header("MessageID", false, infoset.UniqueID([16]byte{0x30, 0xd7, 0x29, 0xb0, 15: 0x35}))
	start("a", wsa, "ReplyTo", infoset.Shared)
	header("Address", false, infoset.DictString("http://www.w3.org/2005/08/addressing/anonymous", infoset.Shared))
	w.End()
	header("To", true, infoset.DictString("net.tcp://orders.example.org:808/orders", infoset.SessionOnly))
	w.End()
	start("s", soap, "Body", infoset.Shared)
	start("", service, "Submit", infoset.SessionOnly)
	start("", service, "orders", infoset.SessionOnly)
	w.Declare(infoset.Decl{Prefix: "b", Space: orders, Dict: infoset.SessionOnly})
	w.Declare(infoset.Decl{Prefix: "i", Space: xsi, Dict: infoset.SessionOnly})
	for i := range n {
		start("b", orders, "Order", infoset.SessionOnly)
		leaf("Id", infoset.Int(int64(i)))
		leaf("Customer", infoset.String(fmt.Sprintf("Customer number %d & sons", i)))
		leaf("Placed", infoset.DateTime(uint64(638_000_000_000_000_000+i*10_000_000), infoset.ZoneUTC))
		leaf("Total", infoset.Decimal{Scale: 2, Lo: uint64(i) * 750}.Value())
		start("b", orders, "Note", infoset.SessionOnly)
		w.Attr(&infoset.Name{Prefix: "i", Space: xsi, Local: "nil", Dict: infoset.SessionOnly}, infoset.Bool(true))
		w.End()
		leaf("Paid", infoset.Bool(i%2 == 0))
		w.End()
	}
	for range 4 {
		w.End()
	}
}

// textEnvelope gives the text form.
func textEnvelope(tb testing.TB, n int) []byte {
	tb.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	envelope(w, n)
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return w.Bytes()
}

// binaryEnvelope gives the binary form, with the session that net.tcp has.
func binaryEnvelope(tb testing.TB, n int) ([]byte, *xmlbin.ReaderSession) {
	tb.Helper()
	s := xmlbin.NewWriterSession(0)
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{Session: s})
	envelope(w, n)
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	rs := xmlbin.NewReaderSession(0)
	doc, err := rs.Table(append(s.AppendTable(nil), w.Bytes()...))
	if err != nil {
		tb.Fatal(err)
	}
	return doc, rs
}

// sizes are in orders; the names are the sizes of the text form.
var sizes = []struct {
	name   string
	orders int
}{{"1KiB", 2}, {"16KiB", 72}, {"1MiB", 4700}}

func scan(tb testing.TB, r infoset.Reader) (tokens int) {
	for {
		_, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				tb.Fatal(err)
			}
			return tokens
		}
		tokens++
	}
}

// input is one document in both forms.
type input struct {
	text    []byte
	doc     []byte
	session *xmlbin.ReaderSession
}

// All benchmarks of one size count the bytes of the text form, so that MB/s can
// be compared between encodings: it is the same document.
func bench(b *testing.B, f func(b *testing.B, in input, once func(func()))) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			text := textEnvelope(b, size.orders)
			doc, session := binaryEnvelope(b, size.orders)
			f(b, input{text, doc, session}, func(g func()) {
				g() // learn the names
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					g()
				}
			})
		})
	}
}

func BenchmarkScanText(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		r := xmltext.NewBytes(nil, xmltext.Options{Quotas: infoset.Buffered()})
		once(func() { r.ResetBytes(in.text); scan(b, r) })
	})
}

func BenchmarkScanTextStream(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		src := bytes.NewReader(in.text)
		r := xmltext.NewReader(src, xmltext.Options{Quotas: infoset.Buffered()})
		once(func() { src.Reset(in.text); r.Reset(src); scan(b, r) })
	})
}

func BenchmarkScanBinary(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		r := xmlbin.NewBytes(nil, xmlbin.Options{Quotas: infoset.Buffered(), Session: in.session})
		once(func() { r.ResetBytes(in.doc); scan(b, r) })
	})
}

func BenchmarkTextToBinary(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		r := xmltext.NewBytes(nil, xmltext.Options{Quotas: infoset.Buffered()})
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true, Session: xmlbin.NewWriterSession(0)})
		once(func() { convert(b, r, w, func() { r.ResetBytes(in.text); w.Reset(nil) }) })
	})
}

func BenchmarkBinaryToText(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		r := xmlbin.NewBytes(nil, xmlbin.Options{Quotas: infoset.Buffered(), Session: in.session})
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		once(func() { convert(b, r, w, func() { r.ResetBytes(in.doc); w.Reset(nil) }) })
	})
}

func convert(tb testing.TB, r infoset.Reader, w infoset.Writer, reset func()) {
	reset()
	if err := infoset.Copy(w, r); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		once(func() {
			d := xml.NewDecoder(bytes.NewReader(in.text))
			for {
				if _, err := d.Token(); err != nil {
					if !errors.Is(err, io.EOF) {
						b.Fatal(err)
					}
					return
				}
			}
		})
	})
}

// BenchmarkEncodingXMLRaw is without namespaces and the check of end tags.
func BenchmarkEncodingXMLRaw(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		once(func() {
			d := xml.NewDecoder(bytes.NewReader(in.text))
			for {
				if _, err := d.RawToken(); err != nil {
					return
				}
			}
		})
	})
}

func BenchmarkEtree(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		once(func() {
			if err := etree.NewDocument().ReadFromBytes(in.text); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func BenchmarkByteCopy(b *testing.B) {
	bench(b, func(b *testing.B, in input, once func(func())) {
		dst := make([]byte, len(in.text))
		once(func() { copy(dst, in.text) })
	})
}

// TestBenchmarksCompareOneDocument makes sure that both forms are the same
// document, and of the sizes that the benchmarks are named by.
func TestBenchmarksCompareOneDocument(t *testing.T) {
	for _, size := range sizes {
		text := textEnvelope(t, size.orders)
		doc, session := binaryEnvelope(t, size.orders)
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := infoset.Copy(w, xmlbin.NewBytes(doc, xmlbin.Options{Quotas: infoset.Buffered(), Session: session})); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(w.Bytes(), text) {
			t.Errorf("%s: text and binary are two documents", size.name)
		}
		t.Logf("%s: text %d bytes, binary %d bytes", size.name, len(text), len(doc))
	}
}
