package tape

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/opentag"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Recorder is a Writer that keeps what is written as tokens, in memory.
type Recorder struct {
	tag     opentag.Tag
	tokens  []infoset.Token
	settled bool // the open start tag has its declarations
	err     error
}

var _ infoset.Writer = (*Recorder)(nil)

// NewRecorder makes a recorder without tokens.
func NewRecorder() *Recorder {
	w := &Recorder{}
	w.tag.Reset()
	return w
}

func (w *Recorder) fail(why infoset.Reason, detail string) {
	w.err = &infoset.Error{Reason: why, Offset: -1, Path: w.tag.Path(), Detail: detail}
}

// settle ends the open start tag, which has all its declarations now.
func (w *Recorder) settle() bool {
	if w.err == nil && w.tag.Open() && !w.settled {
		w.settled = true
		t := &w.tokens[len(w.tokens)-1]
		for _, d := range w.tag.Decls() {
			t.Decls = append(t.Decls, d.Decl)
		}
	}
	return w.err == nil
}

// Start opens an element.
func (w *Recorder) Start(n *infoset.Name) {
	if !w.settle() {
		return
	}
	if why := w.tag.Start(n); why != 0 {
		w.fail(why, "element "+infoset.Clip(n.Local))
		return
	}
	name := *n
	w.settled = false
	w.tokens = append(w.tokens, infoset.Token{Kind: infoset.StartElement, Name: &name})
}

// Attr adds an attribute.
func (w *Recorder) Attr(n *infoset.Name, v infoset.Value) {
	if w.err != nil {
		return
	}
	prefix, why := w.tag.Attr(n)
	if why != 0 {
		w.fail(why, "attribute "+infoset.Clip(n.Local))
		return
	}
	name := *n
	name.Prefix = prefix
	t := &w.tokens[len(w.tokens)-1]
	t.Attrs = append(t.Attrs, infoset.Attr{Name: name, Value: v.Clone()})
}

// Declare binds a prefix.
func (w *Recorder) Declare(d infoset.Decl) {
	if w.err != nil {
		return
	}
	if why := w.tag.Declare(d); why != 0 {
		w.fail(why, "declaration of prefix "+infoset.Clip(d.Prefix))
	}
}

// Text adds text.
func (w *Recorder) Text(v infoset.Value) {
	if !w.settle() {
		return
	}
	space := v.Type() == infoset.TypeText && xmlchar.AllSpace(v.Raw())
	if w.tag.Text(space) != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	w.tokens = append(w.tokens, infoset.Token{Kind: infoset.Text, Name: infoset.NoName, Value: v.Clone()})
}

// Comment adds a comment.
func (w *Recorder) Comment(v infoset.Value) {
	if !w.settle() {
		return
	}
	if w.tag.Comment() != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	w.tokens = append(w.tokens, infoset.Token{Kind: infoset.Comment, Name: infoset.NoName, Value: v.Clone()})
}

// End closes the innermost element.
func (w *Recorder) End() {
	if !w.settle() {
		return
	}
	if w.tag.End() != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	name := *w.tag.Last()
	w.tokens = append(w.tokens, infoset.Token{Kind: infoset.EndElement, Name: &name})
}

// Items puts one element for each item in the place of the open one.
func (w *Recorder) Items(v infoset.Value) {
	if w.err != nil {
		return
	}
	if v.Type() != infoset.TypeArray || !w.tag.Open() || w.tag.Depth() == 1 {
		w.fail(infoset.Misuse, "items in this place")
		return
	}
	if v.CheckItems() != 0 {
		w.fail(infoset.BadValue, "item of an array")
		return
	}
	w.settle()
	start := w.tokens[len(w.tokens)-1]
	w.tokens = w.tokens[:len(w.tokens)-1]
	v = v.Clone()
	for i := range v.Len() {
		w.tokens = append(w.tokens, start,
			infoset.Token{Kind: infoset.Text, Name: infoset.NoName, Value: v.Item(i)},
			infoset.Token{Kind: infoset.EndElement, Name: start.Name})
	}
	w.tag.End() // cannot fail: the tag is open
}

// Lookup gives the namespace of prefix.
func (w *Recorder) Lookup(prefix string) (string, bool) { return w.tag.Lookup(prefix) }

// Err is the first error.
func (w *Recorder) Err() error { return w.err }

// Flush checks that the document is complete once its root has ended.
func (w *Recorder) Flush() error {
	if w.settle() && w.tag.Depth() > 0 {
		return nil
	}
	if w.err == nil && w.tag.EOF() != 0 {
		w.fail(infoset.Misuse, "document has no root element")
	}
	return w.err
}

// Element gives the tokens of the one element that was written, or a Misuse error
// if it was not one whole element and nothing beside it.
func (w *Recorder) Element() ([]infoset.Token, error) {
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if w.tag.Depth() > 0 || w.tokens[0].Kind != infoset.StartElement || w.tokens[len(w.tokens)-1].Kind != infoset.EndElement {
		w.fail(infoset.Misuse, "not one whole element")
		return nil, w.err
	}
	return w.tokens, nil
}
