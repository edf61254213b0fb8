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

// envelope makes a message of about size bytes as a WCF client writes it: headers
// of WS-Addressing, and a list of orders in a body.
func envelope(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
		`<a:Action s:mustUnderstand="1">http://tempuri.org/IOrders/Submit</a:Action><a:MessageID>urn:uuid:30d729b0-6050-4a2c-8907-90e8c4e65c35</a:MessageID>` +
		`<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">net.tcp://orders.example.org:808/orders</a:To></s:Header>` +
		`<s:Body><Submit xmlns="http://tempuri.org/"><orders xmlns:b="urn:example:orders" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">`)
	const tail = `</orders></Submit></s:Body></s:Envelope>`
	for n := 0; b.Len() < size-len(tail); n++ {
		fmt.Fprintf(&b, `<b:Order><b:Id>%d</b:Id><b:Customer>Customer number %d &amp; sons</b:Customer><b:Placed>2024-02-29T13:%02d:15.678Z</b:Placed>`+
			`<b:Total>%d.50</b:Total><b:Note i:nil="true"/><b:Paid>%t</b:Paid></b:Order>`, n, n, n%60, n*7, n%2 == 0)
	}
	b.WriteString(tail)
	return b.Bytes()
}

var sizes = []struct {
	name string
	n    int
}{{"1KiB", 1 << 10}, {"16KiB", 16 << 10}, {"1MiB", 1 << 20}}

// toBinary gives the binary form of a text document, with a session so that
// names go by number as in net.tcp.
func toBinary(tb testing.TB, text []byte) ([]byte, *xmlbin.ReaderSession) {
	tb.Helper()
	s := xmlbin.NewWriterSession(0)
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true, Session: s})
	if err := infoset.Copy(w, xmltext.NewBytes(text, xmltext.Options{Quotas: infoset.Buffered()})); err != nil {
		tb.Fatal(err)
	}
	rs := xmlbin.NewReaderSession(0)
	doc, err := rs.Table(append(s.AppendTable(nil), w.Bytes()...))
	if err != nil {
		tb.Fatal(err)
	}
	return doc, rs
}

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

// All benchmarks of one size count the bytes of the text form, so that MB/s can
// be compared between encodings: it is the same document.
func bench(b *testing.B, f func(b *testing.B, text []byte, once func(func()))) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			text := envelope(size.n)
			f(b, text, func(g func()) {
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
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		r := xmltext.NewBytes(nil, xmltext.Options{Quotas: infoset.Buffered()})
		once(func() { r.ResetBytes(text); scan(b, r) })
	})
}

func BenchmarkScanTextStream(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		src := bytes.NewReader(text)
		r := xmltext.NewReader(src, xmltext.Options{Quotas: infoset.Buffered()})
		once(func() { src.Reset(text); r.Reset(src); scan(b, r) })
	})
}

func BenchmarkScanBinary(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		doc, s := toBinary(b, text)
		r := xmlbin.NewBytes(nil, xmlbin.Options{Quotas: infoset.Buffered(), Session: s})
		once(func() { r.ResetBytes(doc); scan(b, r) })
	})
}

func BenchmarkTextToBinary(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		r := xmltext.NewBytes(nil, xmltext.Options{Quotas: infoset.Buffered()})
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true, Session: xmlbin.NewWriterSession(0)})
		once(func() { convert(b, r, w, func() { r.ResetBytes(text); w.Reset(nil) }) })
	})
}

func BenchmarkBinaryToText(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		doc, s := toBinary(b, text)
		r := xmlbin.NewBytes(nil, xmlbin.Options{Quotas: infoset.Buffered(), Session: s})
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		once(func() { convert(b, r, w, func() { r.ResetBytes(doc); w.Reset(nil) }) })
	})
}

func convert(tb testing.TB, r infoset.Reader, w infoset.Writer, reset func()) {
	reset()
	if err := infoset.Copy(w, r); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		once(func() {
			d := xml.NewDecoder(bytes.NewReader(text))
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
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		once(func() {
			d := xml.NewDecoder(bytes.NewReader(text))
			for {
				if _, err := d.RawToken(); err != nil {
					return
				}
			}
		})
	})
}

func BenchmarkEtree(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		once(func() {
			if err := etree.NewDocument().ReadFromBytes(text); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func BenchmarkByteCopy(b *testing.B) {
	bench(b, func(b *testing.B, text []byte, once func(func())) {
		dst := make([]byte, len(text))
		once(func() { copy(dst, text) })
	})
}
