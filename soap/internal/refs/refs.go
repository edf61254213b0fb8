// Package refs owns the references of SOAP's encoding: it puts copies of values in the place of what refers to them, so that a decoder
// need not know that they stood elsewhere. It owns no types and no envelopes.
//
// Sources: SOAP 1.1, 5.4.1; SOAP 1.2 part 2, 3.1.5. It is called by package codec, in the goroutine that reads a message.
package refs

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/tape"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// encoding12 is the namespace of id and ref in SOAP 1.2's encoding.
const encoding12 = "http://www.w3.org/2003/05/soap-encoding"

// maxReferenced bounds the tokens of a message after its references are resolved: references may refer to references.
const maxReferenced = 1 << 19

// Resolve reads all that r gives and puts copies in the place of references to values that stand elsewhere (SOAP 1.1, 5.4.1: href and id;
// SOAP 1.2 part 2, 3.1.5: ref and id). What refers to nothing here, or to what it stands in, is an error.
func Resolve(r xsd.Scoped) (xsd.Scoped, error) {
	x := &references{targets: map[string]int{}}
	outer := r.Scope().All(nil)
	var starts []int // of the open elements
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(x.tokens) >= maxReferenced {
			return nil, x.quota()
		}
		x.tokens, x.ends = append(x.tokens, t.Clone()), append(x.ends, 0)
		if t.Kind == infoset.EndElement && len(starts) > 0 {
			x.ends[starts[len(starts)-1]] = len(x.tokens) - 1
			starts = starts[:len(starts)-1]
		}
		if t.Kind != infoset.StartElement {
			continue
		}
		starts = append(starts, len(x.tokens)-1)
		if id := identity(t); id != "" {
			if _, twice := x.targets[id]; twice {
				return nil, badReference("id " + infoset.Clip(id) + " stands twice")
			}
			x.targets[id] = len(x.tokens) - 1
			x.bind(r.Scope().All(nil))
		}
		x.any = x.any || reference(t) != ""
	}
	out := x.tokens
	if x.any {
		if err := x.copy(0, len(x.tokens)); err != nil {
			return nil, err
		}
		out = x.out
	}
	return tape.NewPlayer(out, outer, true), nil
}

type references struct {
	tokens  []infoset.Token
	ends    []int          // of each StartElement: its EndElement
	targets map[string]int // id -> its StartElement
	any     bool
	out     []infoset.Token
	open    []string // references that are being copied
}

// bind adds the declarations that hold around the last token to it, since it will be copied elsewhere.
func (x *references) bind(all []infoset.Decl) {
	t := &x.tokens[len(x.tokens)-1]
	have := map[string]bool{"xml": true}
	for _, d := range t.Decls {
		have[d.Prefix] = true
	}
	for _, d := range all {
		if !have[d.Prefix] {
			have[d.Prefix] = true
			t.Decls = append(t.Decls, d)
		}
	}
}

func identity(t *infoset.Token) string {
	for _, space := range []string{"", encoding12} {
		if v, ok := t.Attr(space, "id"); ok {
			return v.String()
		}
	}
	return ""
}

// reference is the id that an element refers to, "" for none.
func reference(t *infoset.Token) string {
	if v, ok := t.Attr("", "href"); ok {
		if id, local := strings.CutPrefix(v.String(), "#"); local {
			return id
		}
	}
	if v, ok := t.Attr(encoding12, "ref"); ok {
		return strings.TrimPrefix(v.String(), "#")
	}
	return ""
}

// copy writes tokens, references resolved.
func (x *references) copy(from, to int) error {
	for i := from; i < to; i++ {
		t := &x.tokens[i]
		if len(x.out) >= maxReferenced {
			return x.quota()
		}
		id := ""
		if t.Kind == infoset.StartElement {
			id = reference(t)
		}
		if id == "" {
			x.out = append(x.out, withoutID(t))
			continue
		}
		end := x.ends[i]
		if err := x.inline(t, id, &x.tokens[end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// withoutID is a token without the attribute that references name: it is the encoding's, no schema declares it.
func withoutID(t *infoset.Token) infoset.Token {
	out := *t
	if t.Kind == infoset.StartElement && identity(t) != "" {
		out.Attrs = slices.DeleteFunc(slices.Clone(t.Attrs), func(a infoset.Attr) bool {
			return a.Name.Local == "id" && (a.Name.Space == "" || a.Name.Space == encoding12)
		})
	}
	return out
}

// inline writes the value that an element refers to under the element's own name.
func (x *references) inline(t *infoset.Token, id string, end *infoset.Token) error {
	at, ok := x.targets[id]
	if !ok {
		return badReference("nothing has the id " + infoset.Clip(id))
	}
	if slices.Contains(x.open, id) {
		return badReference("the value with id " + infoset.Clip(id) + " contains itself")
	}
	if len(x.open) >= infoset.Buffered().Depth {
		return x.quota()
	}
	x.open = append(x.open, id)
	start := withoutID(&x.tokens[at])
	start.Name = t.Name
	x.out = append(x.out, start)
	if next := reference(&x.tokens[at]); next != "" {
		return badReference("id " + infoset.Clip(id) + " is itself a reference")
	}
	if err := x.copy(at+1, x.ends[at]); err != nil {
		return err
	}
	x.out = append(x.out, *end)
	x.open = x.open[:len(x.open)-1]
	return nil
}

func (x *references) quota() error {
	return &infoset.Error{Reason: infoset.Quota, Offset: -1, Detail: "tokens of a message with its references"}
}

func badReference(detail string) error {
	return &infoset.Error{Reason: infoset.BadValue, Offset: -1, Detail: detail}
}

// Ended makes the end of a reader the end of an element: to read what stands side by side in a body as the content of one.
type Ended struct {
	xsd.Scoped
	done bool
}

var endOfAll = &infoset.Token{Kind: infoset.EndElement, Name: infoset.NoName}

// Next gives the next token, once an EndElement in place of io.EOF.
func (r *Ended) Next() (*infoset.Token, error) {
	t, err := r.Scoped.Next()
	if errors.Is(err, io.EOF) && !r.done {
		r.done = true
		return endOfAll, nil
	}
	return t, err
}
