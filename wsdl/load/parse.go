package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// parse makes the tree of a document.
func (l *loader) parse(file *model.File, content []byte) (*node, error) {
	content, err := transcode(content)
	if err != nil {
		return nil, err
	}
	if content, err = dropDoctype(content); err != nil {
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

// transcode turns a document of an encoding that the reader does not know into UTF-8. XML declares it in ASCII, so it can be found
// before anything else is understood (XML 1.0, appendix F).
func transcode(b []byte) ([]byte, error) {
	head := b[:min(len(b), 200)]
	end := bytes.Index(head, []byte("?>"))
	at := bytes.Index(head, []byte("encoding"))
	if !bytes.HasPrefix(head, []byte("<?xml")) || end < 0 || at < 0 || at > end {
		return b, nil
	}
	rest := bytes.TrimLeft(head[at+len("encoding"):end], " \t\r\n=")
	if len(rest) < 2 {
		return b, nil
	}
	stop := bytes.IndexByte(rest[1:], rest[0])
	if stop < 0 {
		return b, nil
	}
	name := strings.ToLower(string(rest[1 : 1+stop]))
	switch name {
	case "utf-8", "us-ascii", "iso-8859-1", "latin1":
		return b, nil
	case "utf-16": // declared, and yet eight bits wide: what gateways make of files that they convert
		return declare(b, end), nil
	}
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		return nil, fmt.Errorf("encoding %s is not known", infoset.Clip(name))
	}
	body, err := enc.NewDecoder().Bytes(b[end+2:])
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", infoset.Clip(name), err)
	}
	return append(declare(b[:end+2:end+2], end), body...), nil
}

// declare gives the document with its declaration blanked out: then it is UTF-8.
func declare(b []byte, end int) []byte {
	out := bytes.Clone(b)
	for i := range out[:end+2] {
		if out[i] != '\n' {
			out[i] = ' '
		}
	}
	return bytes.TrimLeft(out, " ") // white space in front of a document is no XML, but only before a declaration
}

// dropDoctype blanks out a document type that declares nothing, as schemas published by W3C have. One with an internal subset is
// refused if it declares an entity: that is how a few bytes become gigabytes.
func dropDoctype(b []byte) ([]byte, error) {
	at := bytes.Index(b[:min(len(b), 8<<10)], []byte("<!DOCTYPE"))
	if at < 0 || bytes.IndexByte(b[:at], '<') >= 0 && !onlyProlog(b[:at]) {
		return b, nil
	}
	end, depth := at, 0
	for ; end < len(b); end++ {
		switch b[end] {
		case '[':
			depth++
		case ']':
			depth--
		}
		if b[end] == '>' && depth <= 0 {
			break
		}
	}
	if end == len(b) {
		return nil, errors.New("the document type does not end")
	}
	if bytes.Contains(b[at:end], []byte("<!ENTITY")) {
		return nil, errors.New("the document type declares entities, which are never expanded: remove the DOCTYPE from the file")
	}
	out := bytes.Clone(b)
	for i := at; i <= end; i++ {
		if out[i] != '\n' {
			out[i] = ' '
		}
	}
	return out, nil
}

// onlyProlog reports whether bytes are declarations, comments and white space.
func onlyProlog(b []byte) bool {
	for {
		b = bytes.TrimLeft(b, " \t\r\n\ufeff")
		var closing string
		switch {
		case len(b) == 0:
			return true
		case bytes.HasPrefix(b, []byte("<?")):
			closing = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			closing = "-->"
		default:
			return false
		}
		end := bytes.Index(b, []byte(closing))
		if end < 0 {
			return false
		}
		b = b[end+len(closing):]
	}
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

// lines are the offsets at which lines begin. For UTF-16 and ISO-8859-1 offsets count bytes of UTF-8; line breaks are counted in
// what they are there.
type lines []int

func newLines(b []byte) lines {
	starts := lines{0}
	wide := len(b) > 1 && (b[0] == 0 || b[1] == 0 || b[0] >= 0xFE)
	if wide || !utf8.Valid(b) {
		b = utf8View(b, wide)
	}
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

// utf8View gives the bytes that the reader counts: of UTF-16 or ISO-8859-1, in UTF-8, near enough for places.
func utf8View(b []byte, wide bool) []byte {
	var out []byte
	if !wide {
		for _, c := range b {
			out = utf8.AppendRune(out, rune(c))
		}
		return out
	}
	big := b[0] == 0 || b[0] == 0xFE
	for i := 0; i+1 < len(b); i += 2 {
		hi, lo := b[i+1], b[i]
		if big {
			hi, lo = lo, hi
		}
		out = utf8.AppendRune(out, rune(hi)<<8|rune(lo))
	}
	return bytes.TrimPrefix(out, []byte("\ufeff"))
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
