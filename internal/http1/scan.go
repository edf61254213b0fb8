package http1

import "errors"

// scan walks a head once from its first byte, looks at each byte and keeps nothing but positions. All its methods return errShort
// when the bytes end too early.
type scan struct {
	b      []byte // at most lim.Bytes
	lim    Limits // filled
	pos    int    // bytes that are read and good
	body   int    // where the field lines start
	fields int    // complete field lines
}

// startLine has the positions that matter in a first line. Request: method is [start, first), target (first, second). Response:
// the reason is [first, second).
type startLine struct {
	start, first, second int
	minor, status        int
}

// newScan cuts the bytes at the limit, so that no loop below needs to know it.
func newScan(b []byte, lim Limits) *scan {
	lim = lim.filled()
	return &scan{b: b[:min(len(b), lim.Bytes)], lim: lim}
}

// verdict turns errShort into "need more" or, when the limit is used up, into TooLarge.
func (s *scan) verdict(err error) error {
	if !errors.Is(err, errShort) {
		return err
	}
	if len(s.b) < s.lim.Bytes {
		return nil
	}
	return &Error{Kind: TooLarge, Offset: len(s.b), Text: "head is too long; send fewer or shorter fields"}
}

// requestLine reads the request line; the form of its target is left to checkTarget.
func (s *scan) requestLine() (l startLine, err error) {
	// RFC 9112 section 2.2: clients that send CRLF after a body exist; one is skipped, and counts for the limit.
	if len(s.b) > 0 && s.b[0] == '\r' {
		if err := s.newline(""); err != nil {
			return l, err
		}
	}
	l.start = s.pos
	if l.first, err = s.word(inToken, len(s.b), "method is not a token; send one like GET, then one blank"); err != nil {
		return l, err
	}
	if l.second, err = s.word(inTarget, s.lim.Target, "target is empty or has a byte to percent-encode, or no version follows"); err != nil {
		return l, err
	}
	if l.minor, err = s.version(); err != nil {
		return l, err
	}
	// A third word, blanks at the end, a second digit: nothing may stand between version and CRLF.
	return l, s.newline("bytes after the version; end the request line with CRLF")
}

// statusLine reads the status line (RFC 9112 section 4). The reason starts after one blank; more blanks are part of it.
func (s *scan) statusLine() (l startLine, err error) {
	if l.minor, err = s.version(); err != nil {
		return l, err
	}
	if err = s.byte(' ', "version is not followed by one blank"); err != nil {
		return l, err
	}
	for range 3 { // three digits, the first not 0 (RFC 9110 section 15)
		if s.pos == len(s.b) {
			return l, errShort
		}
		c := s.b[s.pos]
		if class[c]&inDigit == 0 || c == '0' && l.status == 0 {
			return l, bad(s.pos, "status is not a number of 100 to 999")
		}
		l.status = l.status*10 + int(c-'0')
		s.pos++
	}
	l.first, l.second = s.pos, s.pos // without a blank the reason is empty
	if s.pos < len(s.b) && s.b[s.pos] == ' ' {
		s.pos++
		l.first = s.pos
		s.skip(inValue)
		l.second = s.pos
	}
	return l, s.newline("status is not followed by one blank, or the reason holds a control byte")
}

// fieldLines reads up to and with the empty line.
func (s *scan) fieldLines() error {
	s.body = s.pos
	for {
		if s.pos == len(s.b) {
			return errShort
		}
		switch s.b[s.pos] {
		case '\r', '\n':
			return s.newline("") // the empty line ends the head
		case ' ', '\t':
			// obs-fold, white space before the first field, or a line of blanks (RFC 9112 sections 2.2 and 5.2)
			return bad(s.pos, "line starts with a blank; send each field on one line")
		}
		if err := s.fieldLine(); err != nil {
			return err
		}
		if s.fields++; s.fields > s.lim.Fields {
			return &Error{Kind: TooLarge, Offset: s.pos, Text: "too many fields; send fewer"}
		}
	}
}

// fieldLine reads name, colon, value and CRLF. Blanks around the value are of its class; fill cuts them. A blank in or after the name is
// no token byte, so it never reaches the colon (RFC 9112 section 5.1).
func (s *scan) fieldLine() error {
	start := s.pos
	s.skip(inToken)
	if s.pos == len(s.b) {
		return errShort
	}
	if s.b[s.pos] != ':' || s.pos == start {
		return bad(s.pos, "field name is not a token followed at once by a colon")
	}
	s.pos++
	s.skip(inValue)
	return s.newline("field value holds a control byte; remove it")
}

// word reads 1 to most bytes of a class and one blank after them, and returns where the blank is.
func (s *scan) word(bits uint8, most int, fault string) (end int, err error) {
	start := s.pos
	s.skip(bits)
	switch end = s.pos; {
	case end-start > most:
		return 0, &Error{Kind: TargetTooLong, Offset: start + most, Text: "request target is too long; shorten path or query"}
	case end == start && end < len(s.b):
		return 0, bad(end, fault)
	}
	return end, s.byte(' ', fault)
}

// version reads "HTTP/1.0" or "HTTP/1.1" (RFC 9112 section 2.3: case matters, one digit each).
func (s *scan) version() (minor int, err error) {
	const form = "HTTP/9.9"
	start := s.pos
	for i := range len(form) {
		if s.pos == len(s.b) {
			return 0, errShort
		}
		c := s.b[s.pos]
		// A 9 of the form stands for any digit, everything else for itself.
		if form[i] != c && (form[i] != '9' || class[c]&inDigit == 0) {
			return 0, bad(s.pos, "version is not HTTP/1.1")
		}
		s.pos++
	}
	major, minor := s.b[start+5], int(s.b[start+7]-'0')
	if major != '1' || minor > 1 {
		return 0, &Error{Kind: Version, Offset: start, Text: "version is not supported; use HTTP/1.1"}
	}
	return minor, nil
}

// newline reads CRLF. A line feed alone, a carriage return alone and any other byte are faults; the last has the text given.
func (s *scan) newline(fault string) error {
	rest := s.b[s.pos:]
	switch {
	case len(rest) == 0:
		return errShort
	case rest[0] == '\n':
		return bad(s.pos, "line ends in a bare line feed; end it with CRLF")
	case rest[0] != '\r':
		return bad(s.pos, fault)
	case len(rest) == 1:
		return errShort
	case rest[1] != '\n':
		return bad(s.pos, "carriage return without line feed; end lines with CRLF")
	}
	s.pos += 2
	return nil
}

// byte reads the one byte that must come here.
func (s *scan) byte(want byte, fault string) error {
	if s.pos == len(s.b) {
		return errShort
	}
	if s.b[s.pos] != want {
		return bad(s.pos, fault)
	}
	s.pos++
	return nil
}

// skip reads bytes of a class, as many as there are. It is the hot loop.
func (s *scan) skip(bits uint8) {
	i := s.pos
	for i < len(s.b) && class[s.b[i]]&bits != 0 {
		i++
	}
	s.pos = i
}
