package framing

import "errors"

// Passage follows what a client sends behind its preamble, only to see where the session ends: in the clear by the records,
// behind an upgrade by the frames of TLS or of NegotiateStream, into which it cannot see. WCF's clients use a connection
// again for the next session, in the clear and perhaps with another Via (WCF wire reference section 1.4). Bytes of an unknown
// upgrade, or that fit nothing, are all of the one session: it is for the service to judge them.
type Passage struct {
	stage stage
	dec   Decoder
	ended bool
	shook bool // NegotiateStream: a frame of the handshake went by
	left  int  // of the frame that goes by
	head  int  // TLS: bytes of the frame's header seen
	size  int
}

// stage is what the bytes are at present.
type stage byte

const (
	inClear stage = iota
	inTLS
	inHandshake // of NegotiateStream
	inAfter     // behind its last frame
	inFrames    // of NegotiateStream
	inDark      // whatever it is
)

// verdict is what a step came to.
type verdict byte

const (
	goOn verdict = iota
	needMore
	isOver
)

// NewPassage begins behind the preamble.
func NewPassage(p *Preamble) Passage {
	t := Passage{dec: Decoder{Limits: Limits{Envelope: -1}}}
	t.upgrade(p.Upgrade)
	if p.Mode == Simplex || p.Mode == SingletonSized {
		t.stage = inDark // nothing comes behind it
	}
	return t
}

func (t *Passage) upgrade(name string) {
	switch name {
	case "":
		t.stage = inClear
	case UpgradeTLS:
		t.stage = inTLS
	case UpgradeNegotiate:
		t.stage, t.shook = inHandshake, false
	default:
		t.stage = inDark
	}
}

// Pass says how many bytes of b are the session's. over: what follows them, at least one byte, is not. Otherwise bytes
// that are left, at most four, are to be given again with more behind them; if nothing follows they are the session's too.
func (t *Passage) Pass(b []byte) (n int, over bool) {
	for n < len(b) {
		used, v := t.step(b[n:])
		n += used
		if v != goOn {
			return n, v == isOver
		}
	}
	return n, false
}

// Within reports whether the session is known to go on: it is in the clear, and its End has not passed. A client that leaves then has broken
// it off ([MC-NMF] 3.2: the end of a session is a record).
func (t *Passage) Within() bool { return t.stage == inClear && !t.ended }

// step passes some bytes of b, which is not empty, or comes to another stage.
func (t *Passage) step(b []byte) (used int, v verdict) {
	if t.left > 0 {
		used = min(t.left, len(b))
		t.left -= used
		return used, goOn
	}
	switch t.stage {
	case inClear:
		return t.record(b)
	case inTLS:
		return t.tls(b)
	case inHandshake:
		return t.handshake(b)
	case inAfter:
		t.stage = inFrames
		if b[0] == byte(PreambleEnd) { // no protection was agreed on: the records go on in the clear
			t.stage = inClear
		}
		return 0, goOn
	case inFrames:
		return t.frame(b)
	default:
		return len(b), goOn
	}
}

func (t *Passage) record(b []byte) (used int, v verdict) {
	if t.ended {
		return 0, isOver
	}
	ev, used, err := t.dec.Next(b)
	switch {
	case errors.Is(err, ErrShort):
	case err != nil:
		t.stage = inDark
	case ev.Kind == End:
		t.ended = true
	case ev.Kind == UpgradeRequest:
		t.upgrade(string(ev.Data))
	}
	return used, goOn
}

// tls passes a byte of a TLS record's header: type, two of a version, length (RFC 8446 section 5.1). No type is 0, with
// which a preamble begins.
func (t *Passage) tls(b []byte) (used int, v verdict) {
	switch {
	case t.head == 0 && b[0] == byte(Version):
		return 0, isOver
	case t.head == 0 && (b[0] < 20 || b[0] > 24), t.head == 1 && b[0] != 3:
		t.stage = inDark
		return 0, goOn
	case t.head >= 3:
		t.size = t.size<<8 | int(b[0])
	}
	if t.head++; t.head == tlsHeader {
		t.left, t.head, t.size = t.size, 0, 0
	}
	return 1, goOn
}

// Sizes of headers: of a TLS record, of NegotiateStream's frames in the handshake and behind it.
const (
	tlsHeader       = 5
	handshakeHeader = 5
	frameHeader     = 4
)

// handshake passes the header of a frame of NegotiateStream's handshake: id, major 1, minor 0, length ([MS-NNS] 2.2.1). The
// client's last one need not be marked: data may begin behind any.
func (t *Passage) handshake(b []byte) (used int, v verdict) {
	const inProgress, done, failed = 0x16, 0x14, 0x15
	switch {
	case t.shook && b[0] == byte(PreambleEnd):
		t.stage = inAfter
		return 0, goOn
	case len(b) < handshakeHeader:
		return 0, needMore
	case b[0] != inProgress && b[0] != done && b[0] != failed, b[1] != 1, b[2] != 0:
		t.stage = inFrames
		return 0, goOn
	}
	t.left, t.shook = int(b[3])<<8|int(b[4]), true
	if b[0] == done {
		t.stage = inAfter
	}
	return handshakeHeader, goOn
}

// frame passes the header of a frame of data: its length, the lowest byte first ([MS-NNS] 2.2.2). No frame is as long as the
// first four bytes of a preamble would say.
func (t *Passage) frame(b []byte) (used int, v verdict) {
	const most = 0xfc30
	if len(b) < frameHeader {
		return 0, needMore
	}
	size := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	switch {
	case b[0] == byte(Version) && b[1] == 1 && b[3] == byte(ModeRecord):
		return 0, isOver
	case size > most:
		t.stage = inDark
		return 0, goOn
	}
	t.left = int(size)
	return frameHeader, goOn
}
