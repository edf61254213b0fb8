package http1

import "strings"

// DecodeRequest reads one request head from the start of b. It returns the head and the number of bytes it took; what follows is
// the body. n == 0 with a nil error means that all of b is fine and more is needed: call again with the same bytes and more.
//
// A fault is reported as soon as its byte is there, whether or not the head is complete; an answer never changes when bytes are
// added. A complete head has one good Host (HTTP/1.1) and unambiguous framing, so [RequestFraming] cannot fail on it. Errors are
// *[Error]. The head does not alias b. It costs two allocations up to 16 fields, three above.
func DecodeRequest(b []byte, lim Limits) (h *Head, n int, err error) {
	s := newScan(b, lim)
	line, err := s.requestLine()
	if err != nil {
		return nil, 0, s.verdict(err)
	}
	method, target := b[line.start:line.first], b[line.first+1:line.second]
	if err := s.fieldLines(); err != nil {
		// The line came first, so its fault is the answer, whatever follows.
		if fault := checkTarget(string(method), string(target), line.first+1); fault != nil {
			err = fault
		}
		return nil, 0, s.verdict(err)
	}
	h = s.head()
	text := s.fill(h)
	h.Method, h.Target, h.Minor = text[line.start:line.first], text[line.first+1:line.second], line.minor
	if err := checkTarget(h.Method, h.Target, line.first+1); err != nil {
		return nil, 0, err
	}
	// What only the whole head can tell. Offsets mean nothing here.
	if err := checkHost(h); err != nil {
		return nil, 0, err
	}
	if _, err := RequestFraming(h); err != nil {
		return nil, 0, err
	}
	return h, s.pos, nil
}

// DecodeResponse reads one response head from the start of b, by the same rules as [DecodeRequest]. Any status of 100 to 999 and
// any reason phrase is taken, an empty one too. Framing depends on the request and is checked by [ResponseFraming].
func DecodeResponse(b []byte, lim Limits) (h *Head, n int, err error) {
	s := newScan(b, lim)
	line, err := s.statusLine()
	if err == nil {
		err = s.fieldLines()
	}
	if err != nil {
		return nil, 0, s.verdict(err)
	}
	h = s.head()
	text := s.fill(h)
	h.Status, h.Reason, h.Minor = line.status, text[line.first:line.second], line.minor
	return h, s.pos, nil
}

// roomy is a Head with place for the fields of an ordinary message: one allocation for both.
type roomy struct {
	Head
	room [16]Field
}

// head makes room for the fields that were counted, so that appending them never grows the slice.
func (s *scan) head() *Head {
	switch {
	case s.fields == 0:
		return new(Head)
	case s.fields > len(roomy{}.room):
		return &Head{Fields: make(Fields, 0, s.fields)}
	}
	r := new(roomy)
	r.Fields = r.room[:0]
	return &r.Head
}

// fill copies the scanned head into one string and cuts the fields out of it. The bytes are known to be good, so that a colon
// ends the name and the next CR the line. It returns the string.
func (s *scan) fill(h *Head) string {
	text := string(s.b[:s.pos])
	rest := text[s.body : s.pos-2] // without the empty line
	for rest != "" {
		end := strings.IndexByte(rest, '\r')
		colon := strings.IndexByte(rest[:end], ':')
		h.Fields = append(h.Fields, Field{rest[:colon], trimBlanks(rest[colon+1 : end])})
		rest = rest[end+2:]
	}
	return text
}
