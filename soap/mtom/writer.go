package mtom

import (
	"io"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// DefaultThreshold is the size in bytes from which WCF moves binary content out.
const DefaultThreshold = 768

// rootID is the Content-ID of the envelope, as WCF has it; those of parts begin
// with partID.
const (
	rootID = "http://tempuri.org/0"
	partID = "http://tempuri.org/"
)

// WriterOptions say how a message is written.
type WriterOptions struct {
	// Version is that of the envelope: soap.V11 or soap.V12.
	Version soap.Version
	// Action goes into start-info for 1.2 without addressing; leave it empty
	// otherwise.
	Action string
	// Boundary divides the parts and must be nothing that a peer can guess before
	// it sends content that is passed on here: WCF uses "uuid:GUID+id=N". It must be
	// set, without quotes or white space, of at most 70 bytes.
	Boundary string
	// ID makes the Content-IDs of this message its own; WCF takes the clock. It has
	// letters, digits and dashes only, and may be empty.
	ID string
	// Head begins with the MIME headers, as messages over net.tcp do. Over HTTP
	// they are HTTP headers: MIME-Version: 1.0 and ContentType.
	Head bool
	// Threshold is the size in bytes from which binary content becomes a part; 0 is
	// DefaultThreshold.
	Threshold int
	// Limit bounds what is written and what is held for parts, in bytes each; 0 is
	// no bound.
	Limit int64
}

// ContentType gives the content type of the whole message, for HTTP.
func (o *WriterOptions) ContentType() string {
	return typeRelated + `; type="` + typeXOP + `";start="<` + rootID + `>";boundary="` + o.Boundary + `";start-info="` + o.startInfo() + `"`
}

// headType is the content type as WCF writes it into the message itself.
func (o *WriterOptions) headType() string {
	return typeRelated + `;type="` + typeXOP + `";boundary="` + o.Boundary + `";start="<` + rootID + `>";start-info="` + o.startInfo() + `"`
}

func (o *WriterOptions) startInfo() string {
	info := o.Version.MediaType()
	if o.Action != "" && o.Version == soap.V12 {
		// No quotes inside, and no backslashes: they would be escapes, twice.
		quoted := strings.ReplaceAll(soap.QuoteAction(o.Action), `\`, "%5C")
		info += `; action=\"` + quoted[1:len(quoted)-1] + `\"`
	}
	return info
}

// Writer writes a document as a multipart message; see infoset.Writer. Content of
// an element that is binary only, and large enough, goes into a part of its own.
// The envelope leaves as it is written, parts are held and follow in Flush. Bytes
// are copied when they are given, so they may be views.
type Writer struct {
	o    WriterOptions
	x    *xmltext.Writer
	out  *sink
	err  error
	done bool // the closing boundary is written

	depth int
	fresh bool // a start tag is open
	run   bool // all content of the element so far is in bytes
	bytes []byte
	parts []part
	held  int64
}

// part is content that follows the envelope: data, or what src gives.
type part struct {
	id   string
	data []byte
	src  io.Reader
}

var _ infoset.Writer = (*Writer)(nil)

// NewWriter writes a message to dst.
func NewWriter(dst io.Writer, o WriterOptions) *Writer {
	if o.Threshold <= 0 {
		o.Threshold = DefaultThreshold
	}
	w := &Writer{o: o, out: newSink(dst, o.Boundary, o.Limit)}
	w.x = xmltext.NewWriter(w.out, xmltext.WriterOptions{})
	switch {
	case o.Version != soap.V11 && o.Version != soap.V12:
		w.fail("the envelope must be of SOAP 1.1 or 1.2")
		return w
	case !isBoundary(o.Boundary):
		w.fail("the boundary cannot be used")
		return w
	}
	lead := []byte("\r\n") // as WCF writes it over HTTP
	if o.Head {
		lead = AppendHead(nil, o.headType())
	}
	lead = append(lead, "--"+o.Boundary...)
	w.out.lead = appendPartHead(lead, rootID, "8bit", typeXOP+`;charset=utf-8;type="`+o.Version.MediaType()+`"`)
	return w
}

// isBoundary reports whether a boundary needs no care (RFC 2046, 5.1.1).
func isBoundary(b string) bool {
	for i := range len(b) {
		c := b[i]
		if c <= ' ' || c >= 0x7F || c == '"' || c == '\\' {
			return false
		}
	}
	return b != "" && len(b) <= 70
}

// appendPartHead appends header lines in WCF's order, behind a boundary.
func appendPartHead(dst []byte, id, encoding, contentType string) []byte {
	dst = append(append(dst, "\r\nContent-ID: <"...), id...)
	dst = append(append(dst, ">\r\nContent-Transfer-Encoding: "...), encoding...)
	dst = append(append(dst, "\r\nContent-Type: "...), contentType...)
	return append(dst, "\r\n\r\n"...)
}

func (w *Writer) fail(detail string) {
	if w.err == nil {
		w.err = &infoset.Error{Reason: infoset.Misuse, Offset: -1, Detail: "MTOM: " + detail}
	}
}

// ready writes binary content that stays where it is, and reports whether more may
// be written.
func (w *Writer) ready() bool {
	if w.done {
		w.fail("behind the end of the message")
	}
	if w.err != nil {
		return false
	}
	if w.run {
		w.x.Text(infoset.Bytes(w.bytes))
		w.bytes, w.run = w.bytes[:0], false
	}
	return true
}

// Start opens an element: see infoset.Writer.
func (w *Writer) Start(n *infoset.Name) {
	if w.ready() {
		w.x.Start(n)
		w.fresh = true
		w.depth++
	}
}

// Attr adds an attribute: see infoset.Writer.
func (w *Writer) Attr(n *infoset.Name, v infoset.Value) {
	if w.ready() {
		w.x.Attr(n, v)
	}
}

// Declare binds a prefix: see infoset.Writer.
func (w *Writer) Declare(d infoset.Decl) {
	if w.ready() {
		w.x.Declare(d)
	}
}

// Text adds text: see infoset.Writer. Bytes that follow bytes are one value.
func (w *Writer) Text(v infoset.Value) {
	if v.Type() == infoset.TypeBytes && (w.fresh || w.run) && w.Err() == nil {
		w.fresh, w.run = false, true
		if w.o.Limit > 0 && w.held+int64(len(w.bytes)+len(v.Raw())) > w.o.Limit {
			w.err = &infoset.Error{Reason: infoset.Quota, Offset: -1, Detail: "MTOM: bytes held for parts"}
			return
		}
		w.bytes = append(w.bytes, v.Raw()...)
		return
	}
	if w.ready() {
		w.x.Text(v)
		w.fresh = false
	}
}

// Items writes one element for each item: see infoset.Writer.
func (w *Writer) Items(v infoset.Value) {
	if w.ready() {
		w.x.Items(v)
		w.fresh = false
		w.depth--
	}
}

// Comment adds a comment: see infoset.Writer.
func (w *Writer) Comment(v infoset.Value) {
	if w.ready() {
		w.x.Comment(v)
		w.fresh = false
	}
}

// Stream makes what src gives the content of the element just opened, in a part
// of its own whatever its size. It is read in Flush, behind the envelope; nothing
// of it is held.
func (w *Writer) Stream(src io.Reader) {
	switch {
	case !w.ready():
	case !w.fresh:
		w.fail("a stream must be all the content of its element")
	default:
		w.include(part{src: src})
	}
}

// include writes a reference and notes the part for it.
func (w *Writer) include(p part) {
	p.id = partID + strconv.Itoa(len(w.parts)+1)
	if w.o.ID != "" {
		p.id += "/" + w.o.ID
	}
	w.parts = append(w.parts, p)
	w.held += int64(len(p.data))
	w.x.Start(&infoset.Name{Prefix: "xop", Local: "Include", Space: xopSpace})
	// The Content-ID needs no escapes in a URL; not all peers would decode them.
	w.x.Attr(&infoset.Name{Local: "href"}, infoset.String("cid:"+p.id))
	w.x.End()
	w.fresh = false
}

// End closes the innermost element: see infoset.Writer.
func (w *Writer) End() {
	if w.run && len(w.bytes) >= w.o.Threshold && w.Err() == nil {
		w.run = false
		w.include(part{data: w.bytes})
		w.bytes = nil
	}
	if w.ready() {
		w.x.End()
		w.fresh = false
		w.depth--
	}
}

// Lookup gives the namespace of prefix: see infoset.Writer.
func (w *Writer) Lookup(prefix string) (string, bool) { return w.x.Lookup(prefix) }

// Err is the first error.
func (w *Writer) Err() error {
	if w.err == nil {
		w.err = plain(w.x.Err())
	}
	return w.err
}

// Flush hands over all output so far: see infoset.Writer. Behind the end of the
// envelope it writes the parts and the closing boundary; nothing may follow.
func (w *Writer) Flush() error {
	if w.done || w.Err() != nil {
		return w.err
	}
	if w.depth > 0 && (w.run || w.fresh) {
		return nil // the tag may get attributes yet, the bytes may become a part
	}
	if err := w.x.Flush(); err != nil {
		w.err = plain(err)
		return w.err
	}
	if w.depth == 0 {
		w.err = w.flushParts()
		w.done = true
	}
	return w.err
}

func (w *Writer) flushParts() error {
	end := []byte("\r\n--" + w.o.Boundary)
	for _, p := range w.parts {
		if err := w.out.frame(appendPartHead(end, p.id, "binary", "application/octet-stream")); err != nil {
			return err
		}
		var err error
		if p.src != nil {
			_, err = io.Copy(w.out, p.src)
		} else {
			_, err = w.out.Write(p.data)
		}
		if err != nil {
			return sourced(err)
		}
	}
	w.parts = nil
	return w.out.frame(append(end, "--\r\n"...))
}
