package soap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// heads are messages with heads of all kinds, in the order in which one room takes them.
func heads() []string {
	envelope := func(v Version, header string) string {
		return `<s:Envelope xmlns:s="` + v.Namespace() + `">` + header + `<s:Body><a xmlns="urn:a">1</a></s:Body></s:Envelope>`
	}
	block := func(i int) string {
		return fmt.Sprintf(`<q:h%[1]d xmlns:q="urn:q%[1]d" s:mustUnderstand="1" q:a="a%[1]d"><c>text %[1]d</c> <!--%[1]d--></q:h%[1]d>`, i)
	}
	var many strings.Builder
	for i := range 100 {
		many.WriteString(block(i))
	}
	return []string{
		envelope(V11, ""),
		envelope(V11, "<s:Header>"+block(1)+block(2)+"</s:Header>"),
		envelope(V12, `<s:Header><x xmlns="urn:x">`+strings.Repeat("<y>1</y>", 200)+`</x></s:Header>`),
		envelope(V11, "<s:Header>"+block(1)),          // breaks off
		envelope(V11, "<s:Header>"+block(1)+`<a:b/>`), // is broken
		envelope(V12, "<s:Header>\n"+block(3)+"\n<!--c-->"+block(4)+"</s:Header>\n"),
		envelope(V12, "<s:Header>"+many.String()+"</s:Header>"),
		envelope(V11, `<s:Header><long xmlns="urn:l">`+strings.Repeat("long ", 2000)+`</long></s:Header>`),
		envelope(V11, "<s:Header>"+block(5)+"</s:Header>"),
		envelope(V12, ""),
	}
}

// changed reads a message and gives what is left of it after changes, and its error.
func changed(doc string, read func(infoset.Reader, Version, Limits) (*Message, error)) (string, error) {
	m, err := read(textReader(doc), None, Limits{})
	if err != nil {
		return "", err
	}
	m.Declare("z", "urn:z")
	one := m.TextHeader(&infoset.Name{Prefix: "z", Space: "urn:z", Local: "One"}, infoset.String("first"))
	one.MustUnderstand = true
	m.Replace(append([]*Header{one, m.Block(TextElement(infoset.Name{Local: "Two"}, infoset.Value{}))}, m.Headers...))
	if err := m.Convert(V11 + V12 - m.Version); err != nil {
		return "", err
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	err = m.Write(w)
	return string(w.Bytes()), err
}

// TestRoom: messages that are read into one room, one behind the other, are what they are in memory of their own, whatever came before.
func TestRoom(t *testing.T) {
	var room Room
	docs := heads()
	for i, doc := range append(docs, docs...) {
		want, err := changed(doc, Read)
		got, err2 := changed(doc, room.Read)
		if got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("%d: %.300s, %v; want %.300s, %v", i, got, err2, want, err)
		}
		if i%3 == 0 {
			room.Release()
		}
	}
}

// TestRoomReleased: a room that waits refers to no message, and a head like the ones before costs no memory.
func TestRoomReleased(t *testing.T) {
	var room Room
	for _, doc := range heads() {
		_, _ = changed(doc, room.Read)
	}
	room.Release()
	if m := &room.all.message; m.Version != None || m.frame.envelope.Name != nil || m.body.live != nil || room.all.head.r != nil || room.all.body.r != nil {
		t.Errorf("a message is left: %+v", room.all)
	}
	for _, h := range room.list[:cap(room.list)] {
		if h != nil {
			t.Errorf("a block is left: %v", h.Name())
		}
	}
	doc := []byte(heads()[1])
	r := xmltext.NewBytes(doc, xmltext.Options{Quotas: infoset.Buffered()})
	if n := testing.AllocsPerRun(100, func() {
		r.ResetBytes(doc)
		m, err := room.Read(r, V11, Limits{})
		if err != nil || len(m.Headers) != 2 || !m.Headers[0].MustUnderstand {
			t.Fatal(err, m)
		}
		m.Declare("z", "urn:z")
		m.Replace([]*Header{m.Headers[1], m.Block(m.Headers[0].Element)})
	}); n != 0 {
		t.Errorf("%v allocations a head", n)
	}
}
