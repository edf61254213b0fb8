package load

import (
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/wsdl/load/internal/utf8doc"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Text gives a document as UTF-8, as the reader sees it: see utf8doc.Decode. Who writes documents anew begins with it.
func Text(content []byte) ([]byte, error) { return utf8doc.Decode(content) }

// parse makes the tree of a document.
func (l *loader) parse(file *model.File, content []byte) (*node, error) {
	content, err := Text(content)
	if err != nil {
		return nil, err
	}
	quotas := infoset.Buffered()
	quotas.Depth = l.limits.Depth
	p := &parser{
		r:    xmltext.NewBytes(content, xmltext.Options{Quotas: quotas, SkipPI: true, SkipComments: true}),
		file: file, lines: newLines(content), l: l,
	}
	root, err := p.document()
	if err != nil {
		if bad, ok := errors.AsType[*infoset.Error](err); ok {
			return nil, fmt.Errorf("%s: %w", p.place(bad.Offset), err)
		}
		return nil, err
	}
	return root, nil
}

// parser makes nodes of tokens.
type parser struct {
	r     *xmltext.Reader
	file  *model.File
	lines lines
	l     *loader
	text  []*strings.Builder // of the open elements
}

func (p *parser) document() (*node, error) {
	var root, open *node
	for {
		t, err := p.r.Next()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t.Kind {
		case infoset.StartElement:
			if p.l.nodes++; p.l.nodes > p.l.limits.Nodes {
				return nil, p.l.over("elements", p.l.limits.Nodes, p.file.Name)
			}
			n := p.start(t, open)
			if open == nil {
				root = n
			} else {
				open.kids = append(open.kids, n)
			}
			open = n
			p.text = append(p.text, nil)
		case infoset.EndElement:
			last := len(p.text) - 1
			if b := p.text[last]; b != nil {
				open.text = b.String()
			}
			p.text, open = p.text[:last], open.parent
		case infoset.Text:
			p.add(t)
		}
	}
}

func (p *parser) add(t *infoset.Token) {
	last := len(p.text) - 1
	if last < 0 {
		return
	}
	if p.text[last] == nil {
		p.text[last] = &strings.Builder{}
	}
	p.text[last].WriteString(t.Value.String())
}

func (p *parser) start(t *infoset.Token, parent *node) *node {
	n := &node{
		name:  model.Name{Space: modern(t.Name.Space), Local: t.Name.Local},
		place: p.place(t.Offset), parent: parent,
	}
	if parent != nil {
		n.scope = parent.scope
	}
	if len(t.Decls) > 0 {
		n.scope = &scope{up: n.scope}
		for _, d := range t.Decls {
			n.scope.decls = append(n.scope.decls, decl{d.Prefix, d.Space})
		}
	}
	for i := range t.Attrs {
		a := &t.Attrs[i]
		n.attrs = append(n.attrs, attr{model.Name{Space: a.Name.Space, Local: a.Name.Local}, a.Value.String()})
	}
	return n
}

func (p *parser) place(offset int64) model.Place {
	line, col := p.lines.at(int(offset))
	return model.Place{File: p.file, Line: line, Col: col}
}

// lines are the offsets at which lines begin in the document as UTF-8, which is what the reader counts.
type lines []int

func newLines(b []byte) lines {
	starts := lines{0}
	for i, c := range b {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (l lines) at(offset int) (line, col int) {
	line = sort.SearchInts(l, offset+1)
	return line, offset - l[line-1] + 1
}

// shortName is how a document is called in messages: the last elements of its URL that tell it from the others.
func shortName(url string, others []*model.File) string {
	if len(others) == 0 {
		return path.Base(url)
	}
	dir := path.Dir(others[0].URL)
	if rest, ok := strings.CutPrefix(url, dir+"/"); ok {
		return rest
	}
	return url
}
