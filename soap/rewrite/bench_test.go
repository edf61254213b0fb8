package rewrite_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const (
	wsa  = "http://www.w3.org/2005/08/addressing"
	wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsu  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	rel  = "http://schemas.microsoft.com/netservices/2009/05/servicebus/connect"
)

// message makes a message of about size bytes as a WCF client writes it: headers
// of WS-Addressing and WS-Security, a relay token, and records in the body.
func message(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="` + wsa + `" xmlns:u="` + wsu + `"><s:Header>` +
		`<a:Action s:mustUnderstand="1">http://tempuri.org/IOrders/Submit</a:Action><a:MessageID>urn:uuid:30d729b0-6050-4a2c-8907-90e8c4e65c35</a:MessageID>` +
		`<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>` +
		`<a:To s:mustUnderstand="1">https://relay.example.org/orders</a:To><o:Security s:mustUnderstand="1" xmlns:o="` + wsse + `">` +
		`<u:Timestamp u:Id="_0"><u:Created>2024-02-29T13:14:15.678Z</u:Created><u:Expires>2024-02-29T13:19:15.678Z</u:Expires></u:Timestamp>` +
		`<o:UsernameToken u:Id="uuid-30d729b0-6050-4a2c-8907-90e8c4e65c35-1"><o:Username>alice</o:Username>` +
		`<o:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">secret</o:Password>` +
		`</o:UsernameToken></o:Security></s:Header><s:Body><Submit xmlns="http://tempuri.org/">`)
	const tail = `</Submit></s:Body></s:Envelope>`
	for n := 0; b.Len() < size-len(tail); n++ {
		fmt.Fprintf(&b, `<Order><Id>%d</Id><Customer>Customer number %d &amp; sons</Customer><Total>%d.50</Total></Order>`, n, n, n*7)
	}
	b.WriteString(tail)
	return b.Bytes()
}

var benchSizes = []struct {
	name string
	n    int
}{{"2KiB", 2 << 10}, {"16KiB", 16 << 10}, {"1MiB", 1 << 20}}

// edits are what a gateway does to a message that goes on: another To, and the
// security header out.
func edits() []rewrite.Edit {
	return []rewrite.Edit{
		{Op: rewrite.SetText, Space: wsa, Local: "To", Text: "http://10.0.0.7:8080/services/orders"},
		{Op: rewrite.Remove, Space: wsse, Local: "Security"},
	}
}

// BenchmarkRewrite changes a message and gives it as pieces, which is all that a
// writev needs; Copied puts them into one buffer too, as if there were none.
func BenchmarkRewrite(b *testing.B) {
	for _, size := range benchSizes {
		for _, form := range []soap.Form{soap.Text, soap.Binary} {
			name := map[soap.Form]string{soap.Text: "text", soap.Binary: "binary"}[form]
			doc := message(size.n)
			if form == soap.Binary {
				doc = binaryOf(b, doc)
			}
			for _, copied := range []bool{false, true} {
				how := "pieces"
				if copied {
					how = "copied"
				}
				b.Run(size.name+"/"+name+"/"+how, func(b *testing.B) {
					s := &rewrite.Scanner{Form: form}
					var pieces [][]byte
					out := make([]byte, 0, len(doc)+4096)
					eds := edits()
					b.SetBytes(int64(len(doc)))
					b.ReportAllocs()
					for b.Loop() {
						s.Reset()
						if err := s.Scan(doc); err != nil {
							b.Fatal(err)
						}
						var err error
						if pieces, err = s.Apply(pieces[:0], doc, eds); err != nil {
							b.Fatal(err)
						}
						if copied {
							out = out[:0]
							for _, p := range pieces {
								out = append(out, p...)
							}
						}
					}
				})
			}
		}
	}
}

// BenchmarkCopy is the bound: one copy of the message.
func BenchmarkCopy(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(size.name, func(b *testing.B) {
			doc := message(size.n)
			out := make([]byte, len(doc))
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				copy(out, doc)
			}
		})
	}
}

// BenchmarkOthers is the same work with what Go programs have for XML: the tokens
// of encoding/xml with the header left out, and etree's tree.
func BenchmarkOthers(b *testing.B) {
	for _, size := range benchSizes[:2] {
		doc := message(size.n)
		b.Run(size.name+"/encoding-xml", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				withEncodingXML(b, doc)
			}
		})
		b.Run(size.name+"/etree", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				withETree(b, doc)
			}
		})
		b.Run(size.name+"/xmltext", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				m, err := soap.Read(xmltext.NewBytes(doc, xmltext.Options{Quotas: infoset.Buffered()}), soap.V12, soap.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				m.Remove(wsse, "Security")
				if err := m.Write(xmltext.NewWriter(io.Discard, xmltext.WriterOptions{})); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func withEncodingXML(b *testing.B, doc []byte) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	e := xml.NewEncoder(io.Discard)
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == "Security" {
			if err := d.Skip(); err != nil {
				b.Fatal(err)
			}
			continue
		}
		if err := e.EncodeToken(t); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.Flush(); err != nil {
		b.Fatal(err)
	}
}

func withETree(b *testing.B, doc []byte) {
	d := etree.NewDocument()
	if err := d.ReadFromBytes(doc); err != nil {
		b.Fatal(err)
	}
	h := d.Root().SelectElement("Header")
	h.SelectElement("To").SetText("http://10.0.0.7:8080/services/orders")
	h.RemoveChild(h.SelectElement("Security"))
	if _, err := d.WriteTo(io.Discard); err != nil {
		b.Fatal(err)
	}
}

// binaryOf gives the binary form of a text document.
func binaryOf(tb testing.TB, text []byte) []byte {
	tb.Helper()
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true})
	if err := infoset.Copy(w, xmltext.NewReader(strings.NewReader(string(text)), xmltext.Options{Quotas: infoset.Buffered()})); err != nil {
		tb.Fatal(err)
	}
	return bytes.Clone(w.Bytes())
}
