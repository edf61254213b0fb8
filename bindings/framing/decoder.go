package framing

import "unicode/utf8"

// Event is a record, or a part of an envelope.
type Event struct {
	Kind Kind
	// Data is the content: both bytes of a Version, the byte of a mode or a known encoding, a text, a part of an envelope.
	// It is a part of the input where that holds it whole, else of the decoder's own: valid until the next call.
	Data []byte
	// Of envelopes: the whole size, -1 when it is not known; whether Data begins it and whether it ends it. Each part has at
	// least one byte, except the one that ends an unsized envelope and the only one of a sized envelope of no bytes.
	Size        int
	First, Last bool
}

// Decoder reads the records of one direction. Its zero value is ready, with the default limits. After an error it is of no
// more use.
type Decoder struct {
	Limits Limits

	at    place
	kind  Kind
	mode  Mode
	sum   int // the length being read
	shift int
	size  int // of the record
	left  int // of a text, of an envelope or chunk: still to come
	total int // bytes of the unsized envelope so far
	first bool
	buf   []byte
	err   error
}

// place is where in a record the decoder stands.
type place byte

const (
	atKind   place = iota
	atFixed        // content of known length
	atLength       // of a text or sized envelope
	atText
	atSized
	atChunk // length of a chunk
	atUnsized
	atOctets // SingletonSized: to the end of the stream
)

// Next reads one event from the beginning of b, and says how many bytes of it were used. With ErrShort all of them were, and
// the next call is given what follows. It allocates nothing for records that come whole, and never more than the limit of
// a text.
func (d *Decoder) Next(b []byte) (ev Event, n int, err error) {
	for d.err == nil {
		used, done := d.step(b[n:], &ev)
		n += used
		switch {
		case d.err != nil:
		case done:
			return ev, n, nil
		case n == len(b):
			return Event{}, n, ErrShort
		}
	}
	return Event{}, n, d.err
}

// step goes one place further. It reports whether ev is an event; if not, it used something or b is empty.
func (d *Decoder) step(b []byte, ev *Event) (used int, done bool) {
	if len(b) == 0 {
		return 0, false
	}
	switch d.at {
	case atKind:
		return d.begin(b, ev)
	case atLength, atChunk:
		return d.length(b, ev)
	case atFixed, atText:
		return d.content(b, ev)
	case atSized, atUnsized:
		return d.part(b, ev)
	default:
		*ev = Event{Kind: UnsizedEnvelope, Data: b, Size: -1, First: d.first}
		d.first = false
		return len(b), true
	}
}

// begin reads the type of a record.
func (d *Decoder) begin(b []byte, ev *Event) (used int, done bool) {
	d.kind, d.sum, d.shift, d.first, d.total = Kind(b[0]), 0, 0, true, 0
	d.buf = d.buf[:0]
	switch d.kind {
	case Version:
		d.at, d.left = atFixed, 2
	case ModeRecord, KnownEncoding:
		d.at, d.left = atFixed, 1
	case Via, ExtensibleEncoding, FaultRecord, UpgradeRequest, SizedEnvelope:
		d.at = atLength
	case UnsizedEnvelope:
		d.at = atChunk
	case End, UpgradeResponse, PreambleAck, PreambleEnd:
		*ev = Event{Kind: d.kind}
		return 1, true
	default:
		d.err = errKind
	}
	return 1, false
}

// length reads one byte of a length.
func (d *Decoder) length(b []byte, ev *Event) (used int, done bool) {
	if d.shift == 7*(maxInt-1) && b[0] > 0x07 {
		d.err = errInt
		return 1, false
	}
	d.sum |= int(b[0]&0x7f) << d.shift
	d.shift += 7
	if b[0] >= 0x80 {
		return 1, false
	}
	n := d.sum
	d.sum, d.shift = 0, 0
	if d.at == atChunk {
		return 1, d.chunk(n, ev)
	}
	d.size, d.left = n, n
	switch {
	case d.kind == SizedEnvelope:
		d.at = atSized
		if n > d.Limits.envelope() {
			d.err = errEnvelope
		}
		if n == 0 { // it is there already
			*ev = Event{Kind: SizedEnvelope, First: true, Last: true}
			d.at = atKind
			return 1, true
		}
	case n > d.Limits.of(d.kind):
		d.err = tooLong(d.kind)
	case n == 0:
		d.err = errEmpty
	default:
		d.at = atText
	}
	return 1, false
}

func tooLong(k Kind) error {
	switch k {
	case Via:
		return errVia
	case FaultRecord:
		return errFault
	default:
		return errType
	}
}

// chunk begins a chunk of an unsized envelope; an empty one ends that.
func (d *Decoder) chunk(n int, ev *Event) (done bool) {
	if n == 0 {
		*ev = Event{Kind: UnsizedEnvelope, Size: -1, First: d.first, Last: true}
		d.at = atKind
		return true
	}
	if n > d.Limits.envelope()-d.total && d.Limits.Envelope >= 0 {
		d.err = errEnvelope
		return false
	}
	d.left, d.at = n, atUnsized
	d.total += n
	return false
}

// content gathers what is short: it is an event when it is whole.
func (d *Decoder) content(b []byte, ev *Event) (used int, done bool) {
	used = min(len(b), d.left)
	d.left -= used
	data := b[:used]
	if d.left > 0 || len(d.buf) > 0 {
		d.buf = append(d.buf, data...) // bounded by the limit, grows by what came
		data = d.buf
	}
	if d.left > 0 {
		return used, false
	}
	d.at = atKind
	switch {
	case d.kind == Version && data[0] != 1: // a minor version is nobody's concern
		d.err = errVersion
	case d.kind == ModeRecord:
		if d.mode = Mode(data[0]); d.mode < SingletonUnsized || d.mode > SingletonSized {
			d.err = errMode
		}
	case d.kind == KnownEncoding, d.kind == ExtensibleEncoding:
		if d.mode == SingletonSized {
			d.at, d.first = atOctets, true
		}
	}
	if d.kind != Version && d.kind != ModeRecord && d.kind != KnownEncoding && !utf8.Valid(data) {
		d.err = errText
	}
	*ev = Event{Kind: d.kind, Data: data}
	return used, d.err == nil
}

// part gives what there is of an envelope.
func (d *Decoder) part(b []byte, ev *Event) (used int, done bool) {
	used = min(len(b), d.left)
	d.left -= used
	*ev = Event{Kind: d.kind, Data: b[:used], Size: d.size, First: d.first}
	d.first = false
	if d.left > 0 {
		if d.at == atUnsized {
			ev.Size = -1
		}
		return used, true
	}
	if d.at == atUnsized {
		ev.Size, d.at = -1, atChunk
		return used, true
	}
	ev.Last, d.at = true, atKind
	return used, true
}

// Finish says whether the stream may end here: nil between records and anywhere in the octets of SingletonSized.
func (d *Decoder) Finish() error {
	switch {
	case d.err != nil:
		return d.err
	case d.at == atKind, d.at == atOctets:
		return nil
	}
	return errCut
}
