package mtom

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// place is where in a multipart body the scanner is.
type place uint8

const (
	inPreamble place = iota
	atHeaders        // behind a boundary
	inPart
	closed // behind the closing boundary
)

// scanner divides a multipart body into parts (RFC 2046, 5.1.1). It is a reader
// of the current part's content, up to the line break that belongs to the next
// boundary.
//
// A body uses CRLF, as it must, or LF throughout, as some peers do: the line of the
// first boundary tells. In a body with CRLF a lone LF before what looks like a
// boundary is data.
type scanner struct {
	src    io.Reader
	limits Limits

	buf  []byte // buf[r:w] is read and not given yet
	r, w int
	base int64 // place of buf[0] in the body
	err  error // of src, when buf[:w] is used up

	at    place
	part  int    // number of the part, from 1
	mark  []byte // line break, "--", boundary
	brk   int    // length of the line break
	first bool   // at the first byte of a part: a boundary needs no line break
}

func newScanner(src io.Reader, l Limits) *scanner {
	return &scanner{src: src, limits: l, buf: make([]byte, windowSize)}
}

// setBoundary begins the search for parts.
func (s *scanner) setBoundary(boundary string) {
	s.mark, s.brk, s.first = append([]byte("\n--"), boundary...), 1, true
}

// dashes is the boundary with its dashes, without line break.
func (s *scanner) dashes() []byte { return s.mark[s.brk:] }

// offset is the place of the next byte in the body.
func (s *scanner) offset() int64 { return s.base + int64(s.r) }

// fail makes an error at this place.
func (s *scanner) fail(why infoset.Reason, detail string) error {
	return s.place(&infoset.Error{Reason: why, Detail: "MIME: " + detail})
}

// place tells an error where it is.
func (s *scanner) place(e *infoset.Error) error {
	e.Offset, e.Path = s.offset(), s.path()
	return e
}

// path names the part.
func (s *scanner) path() string {
	if s.part == 0 {
		return ""
	}
	return "part " + strconv.Itoa(s.part)
}

// fill reads at least one byte more, or gives why there is none: io.EOF or an
// *infoset.Error. There is room: what waits is never more than a header block.
func (s *scanner) fill() error {
	if s.err != nil {
		return s.err
	}
	if s.r > 0 {
		s.base += int64(s.r)
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
	}
	for range 100 {
		n, err := s.src.Read(s.buf[s.w:])
		s.w += n
		if s.base+int64(s.w) > s.limits.Total {
			s.err = s.place(&infoset.Error{Reason: infoset.Quota, Detail: sizeDetail})
			return s.err
		}
		s.err = s.sourceError(err)
		if n > 0 {
			return nil
		}
		if s.err != nil {
			return s.err
		}
	}
	s.err = s.sourceError(io.ErrNoProgress)
	return s.err
}

func (s *scanner) sourceError(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if e, ok := errors.AsType[*infoset.Error](err); ok {
		return e // of a decoder below, which says more
	}
	return s.place(&infoset.Error{Reason: infoset.Source, Err: err})
}

// Read gives content of the current part, io.EOF at its end.
func (s *scanner) Read(p []byte) (int, error) {
	if s.at == closed || s.at == atHeaders {
		return 0, io.EOF
	}
	for len(p) > 0 {
		n, err := s.content()
		if err != nil {
			return 0, err
		}
		if n > 0 {
			n = copy(p, s.buf[s.r:s.r+n])
			s.r += n
			return n, nil
		}
		if s.at != inPart && s.at != inPreamble {
			return 0, io.EOF
		}
		if err := s.fill(); err != nil {
			return 0, s.cut(err)
		}
	}
	return 0, nil
}

// cut makes the error for a body that ends inside of a part.
func (s *scanner) cut(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	s.r = s.w
	return s.fail(infoset.Truncated, "no closing boundary")
}

// content gives how many bytes at the beginning of the window belong to the part
// for certain. 0 is: more must be read, or there was a boundary, and at tells.
func (s *scanner) content() (int, error) {
	if s.first {
		is, err := s.boundary(s.dashes())
		if err != nil || is {
			return 0, err
		}
		s.first = false
	}
	b := s.buf[s.r:s.w]
	switch i := bytes.Index(b, s.mark); {
	case i > 0:
		return i, nil
	case i == 0:
		is, err := s.boundary(s.mark)
		if err != nil || is {
			return 0, err
		}
		return len(s.mark), nil
	}
	return len(b) - begun(b, s.mark), nil
}

// begun gives the length of the longest end of b that is a beginning of mark.
func begun(b, mark []byte) int {
	for from := max(0, len(b)-len(mark)+1); ; from++ {
		i := bytes.IndexByte(b[from:], mark[0])
		if i < 0 {
			return 0
		}
		if from += i; bytes.HasPrefix(mark, b[from:]) {
			return len(b) - from
		}
	}
}

// line is what a line that begins with the boundary is.
type line uint8

const (
	unclear line = iota // more bytes are needed
	data
	delimiter
	closing
)

// boundary goes past a boundary line that begins with mark, if there is one at
// the beginning of the window.
func (s *scanner) boundary(mark []byte) (bool, error) {
	var kind line
	n := 0
	for {
		b := s.buf[s.r:s.w]
		switch whole := len(b) >= len(mark); {
		case whole && bytes.HasPrefix(b, mark):
			kind, n = classify(b[len(mark):], errors.Is(s.err, io.EOF))
		case whole || !bytes.HasPrefix(mark, b):
			return false, nil
		}
		if kind != unclear {
			break
		}
		if err := s.fill(); errors.Is(err, io.EOF) && len(s.buf[s.r:s.w]) < len(mark) {
			return false, nil
		} else if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
	}
	if kind == data {
		return false, nil
	}
	s.r += len(mark) + n
	return true, s.passed(kind)
}

// passed notes a boundary that was just gone past.
func (s *scanner) passed(kind line) error {
	if s.at == inPreamble {
		if kind == closing {
			return s.fail(infoset.Malformed, "no parts")
		}
		if s.buf[s.r-2] == '\r' {
			s.mark, s.brk = append([]byte{'\r'}, s.mark...), 2
		}
	}
	s.at, s.first = atHeaders, false
	if kind == closing {
		s.at = closed
	}
	return nil
}

// classify looks at what follows the boundary on its line: nothing or two dashes,
// then white space to the end of the line. Anything else is content that looks
// like a boundary. n is the length of what belongs to the boundary.
func classify(b []byte, eof bool) (kind line, n int) {
	kind = delimiter
	switch {
	case bytes.HasPrefix(b, []byte("--")):
		kind, n = closing, 2
	case !eof && (len(b) == 0 || len(b) == 1 && b[0] == '-'):
		return unclear, 0
	}
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') && n < maxPadding {
		n++
	}
	end := b[n:]
	switch {
	case bytes.HasPrefix(end, []byte("\n")):
		return kind, n + 1
	case bytes.HasPrefix(end, []byte("\r\n")):
		return kind, n + 2
	case len(end) == 0 || len(end) == 1 && end[0] == '\r':
		switch {
		case !eof:
			return unclear, 0
		case kind == closing:
			return closing, len(b)
		}
	}
	return data, 0
}

// next goes to the next part and gives its header lines; io.EOF behind the
// closing boundary.
func (s *scanner) next() (partHead, error) {
	if s.at == inPreamble {
		if err := s.preamble(); err != nil {
			return partHead{}, err
		}
	}
	if _, err := io.Copy(io.Discard, s); err != nil {
		return partHead{}, err
	}
	if s.at == closed {
		return partHead{}, io.EOF
	}
	if s.part == s.limits.Parts {
		return partHead{}, s.place(over("MIME: parts", s.limits.Parts))
	}
	s.part++
	h, err := s.headers()
	s.at, s.first = inPart, true
	return h, err
}

// preamble skips what stands before the first boundary.
func (s *scanner) preamble() error {
	n, err := io.CopyN(io.Discard, s, maxPreamble+1)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case n > maxPreamble:
		return s.fail(infoset.Malformed, "the boundary is not at the beginning")
	}
	if e, ok := errors.AsType[*infoset.Error](err); ok && e.Reason == infoset.Truncated {
		return s.fail(infoset.Malformed, "the boundary of the content type is not in the message")
	}
	return err
}
