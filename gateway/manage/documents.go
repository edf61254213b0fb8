package manage

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// documentsOf makes the attached description that a body names. A file without a text is the one of that name that was there.
func documentsOf(before []entity.Document, all []wire.DocumentChange) (documents []entity.Document, wrong wire.Problems) {
	const member = "settings.metadata"
	for i, c := range all {
		at := member + "[" + strconv.Itoa(i) + "]"
		if c.Name == nil {
			wrong = append(wrong, wire.Problem{Member: at, Text: "has no name"})
			continue
		}
		d := entity.Document{Name: *c.Name}
		old := documentOf(before, d.Name)
		switch {
		case c.Text != nil:
			d.Text = *c.Text
		case old != nil:
			d.Text = old.Text
		default:
			wrong = append(wrong, wire.Problem{Member: at, Text: "has no text, and the relay has no document of that name"})
			continue
		}
		documents = append(documents, d)
	}
	if len(wrong) == 0 {
		wrong = lines(member, entity.CheckDocuments(documents))
	}
	return documents, wrong
}

// documentOf gives the document of a name, whatever its case; nil for none.
func documentOf(documents []entity.Document, name string) *entity.Document {
	for i := range documents {
		if strings.EqualFold(documents[i].Name, name) {
			return &documents[i]
		}
	}
	return nil
}

// sizes is how an attached description is shown: its text can be had from the relay itself, at ?wsdl.
func sizes(documents []entity.Document) []wire.Document {
	shown := []wire.Document{}
	for i := range documents {
		shown = append(shown, wire.Document{Name: documents[i].Name, Size: len(documents[i].Text)})
	}
	return shown
}
