package framing

import "errors"

// Preamble is what a client says before its first message: up to the end of the preamble, or to the first upgrade that it asks
// for. In the modes of queues, which have no end of a preamble, it is up to the encoding.
type Preamble struct {
	Mode        Mode
	Via         string
	Encoding    Encoding // when ContentType is empty
	ContentType string   // of an extensible encoding
	Upgrade     string   // that is asked for; "": none, the preamble is over

	raw      []byte
	via, end int // where the record of the Via stands in raw
}

// ParsePreamble reads the preamble at the beginning of b and says how many bytes it took. ErrShort asks for the same bytes and
// more; any other error is an *Error. It keeps nothing of b.
func ParsePreamble(b []byte, l Limits) (*Preamble, int, error) {
	d := Decoder{Limits: l}
	var s Session
	p := &Preamble{}
	for n := 0; ; {
		ev, used, err := d.Next(b[n:])
		if err != nil {
			return nil, 0, err
		}
		if err := s.Step(Client, ev.Kind, ev.Data); err != nil {
			return nil, 0, err
		}
		over := p.take(&ev, n, n+used)
		if n += used; over {
			p.raw = append([]byte(nil), b[:n]...)
			return p, n, nil
		}
	}
}

// take notes a record, and reports whether it is the last.
func (p *Preamble) take(ev *Event, from, to int) (over bool) {
	switch ev.Kind {
	case ModeRecord:
		p.Mode = Mode(ev.Data[0])
	case Via:
		p.Via, p.via, p.end = string(ev.Data), from, to
	case KnownEncoding:
		p.Encoding = Encoding(ev.Data[0])
	case ExtensibleEncoding:
		p.ContentType = string(ev.Data)
	case UpgradeRequest:
		p.Upgrade = string(ev.Data)
		return true
	case PreambleEnd:
		return true
	}
	queue := p.Mode == Simplex || p.Mode == SingletonSized
	return queue && (ev.Kind == KnownEncoding || ev.Kind == ExtensibleEncoding)
}

// MediaType is the content type of the encoding, however it was named.
func (p *Preamble) MediaType() string {
	if p.ContentType != "" {
		return p.ContentType
	}
	return p.Encoding.ContentType()
}

// Replay is the preamble byte for byte as it came, longer lengths than needed included. The caller may not change it.
func (p *Preamble) Replay() []byte { return p.raw }

// ReplayTo is the preamble as it came, with another Via. That is possible up to an upgrade and not behind it.
func (p *Preamble) ReplayTo(via string) []byte {
	b := append([]byte(nil), p.raw[:p.via]...)
	b = AppendText(b, Via, via)
	return append(b, p.raw[p.end:]...)
}

// Append writes a preamble of the fields, lengths in their shortest form.
func (p *Preamble) Append(dst []byte) []byte {
	dst = append(dst, byte(Version), 1, 0, byte(ModeRecord), byte(p.Mode))
	dst = AppendText(dst, Via, p.Via)
	if p.ContentType != "" {
		dst = AppendText(dst, ExtensibleEncoding, p.ContentType)
	} else {
		dst = append(dst, byte(KnownEncoding), byte(p.Encoding))
	}
	switch {
	case p.Upgrade != "":
		dst = AppendText(dst, UpgradeRequest, p.Upgrade)
	case p.Mode == SingletonUnsized, p.Mode == Duplex:
		dst = append(dst, byte(PreambleEnd))
	}
	return dst
}

// FaultOf is what a server answers the error with; "" is nothing, it only closes.
func FaultOf(err error) Fault {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fault
	}
	return ""
}
