package link

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Bounds of a preface (contracts section 1).
const (
	MaxPreface = 65536 // bytes of JSON
	// MaxReplay is how many bytes a preface can carry to be read again: 64 KiB of read-ahead and a head of up to 64 KiB.
	MaxReplay = 128 << 10
	maxHost   = 1024 // bytes of an authority; a DNS name has 253
	maxDoor   = 32   // bytes of a door's name
)

// version is the one that exists; a preface of another is refused, because its meaning is unknown.
const version = 1

// Errors of Decode.
var (
	// ErrShort says that more bytes are needed.
	ErrShort = errors.New("preface is not complete")
	// ErrPreface is wrapped by every error about a preface that is not as the contract says.
	ErrPreface = errors.New("not a preface")
)

// lengthBytes is the length before the JSON: 4 bytes, big-endian.
const lengthBytes = 4

// wirePreface is the JSON form; the order of its members is the contract's.
type wirePreface struct {
	V        int            `json:"v"`
	Door     string         `json:"door"`
	Host     string         `json:"host"`
	Remote   netip.AddrPort `json:"remote"`
	TLS      bool           `json:"tls"`
	Cert     []byte         `json:"cert,omitempty"`
	Ticket   string         `json:"ticket,omitempty"`
	Upgraded bool           `json:"upgraded"`
	Hop      int            `json:"hop"`
	Replay   int            `json:"replay"`
}

// Append appends the wire form of p: length, JSON, replay. Its hop is 1: a connection is carried once. A preface that the
// other side would refuse is refused here, with dst unchanged.
func Append(dst []byte, p shape.Preface) ([]byte, error) {
	w := wirePreface{
		V: version, Door: p.Door, Host: p.Host, Remote: p.Remote, TLS: p.TLS, Cert: p.Cert,
		Upgraded: p.Upgraded, Hop: 1, Replay: len(p.Replay),
	}
	if p.Upgraded {
		w.Ticket = p.Ticket.Hex()
	}
	if err := w.check(); err != nil {
		return dst, err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrPreface, err)
	}
	if len(text) > MaxPreface {
		return dst, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrPreface, len(text), MaxPreface)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text)))
	dst = append(dst, text...)
	return append(dst, p.Replay...), nil
}

// Decode reads a preface with its replay from the front of b and says how many bytes it took. ErrShort: call again with
// more. The parts of p do not point into b.
func Decode(b []byte) (p shape.Preface, n int, err error) {
	size, err := decodeLength(b)
	if err != nil {
		return p, 0, err
	}
	if len(b) < lengthBytes+size {
		return p, 0, ErrShort
	}
	p, replay, err := decodeText(b[lengthBytes : lengthBytes+size])
	if err != nil {
		return p, 0, err
	}
	n = lengthBytes + size + replay
	if len(b) < n {
		return shape.Preface{}, 0, ErrShort
	}
	if replay > 0 {
		p.Replay = append([]byte(nil), b[n-replay:n]...)
	}
	return p, n, nil
}

// decodeLength reads and bounds the length, before anything is allocated for it.
func decodeLength(b []byte) (int, error) {
	if len(b) < lengthBytes {
		return 0, ErrShort
	}
	size := binary.BigEndian.Uint32(b)
	if size == 0 || size > MaxPreface {
		return 0, fmt.Errorf("%w: length %d, 1 to %d are allowed", ErrPreface, size, MaxPreface)
	}
	return int(size), nil
}

// decodeText reads the JSON and says how many bytes of replay follow. Unknown members are skipped.
func decodeText(text []byte) (p shape.Preface, replay int, err error) {
	var w wirePreface
	if err := json.Unmarshal(text, &w); err != nil {
		return p, 0, fmt.Errorf("%w: %w", ErrPreface, err)
	}
	if err := w.check(); err != nil {
		return p, 0, err
	}
	p = shape.Preface{Door: w.Door, Host: w.Host, Remote: w.Remote, TLS: w.TLS, Upgraded: w.Upgraded}
	if len(w.Cert) > 0 {
		p.Cert = w.Cert
	}
	if w.Upgraded {
		if len(w.Ticket) != hex.EncodedLen(len(p.Ticket)) {
			return shape.Preface{}, 0, fmt.Errorf("%w: a ticket has %d digits", ErrPreface, hex.EncodedLen(len(p.Ticket)))
		}
		if _, err := hex.Decode(p.Ticket[:], []byte(w.Ticket)); err != nil {
			return shape.Preface{}, 0, fmt.Errorf("%w: the ticket is not hex", ErrPreface)
		}
	}
	return p, w.Replay, nil
}

// check holds for what is sent and what is received.
func (w *wirePreface) check() error {
	switch {
	case w.V != version:
		return fmt.Errorf("%w: version %d, only %d is known", ErrPreface, w.V, version)
	case w.Hop != 1:
		return fmt.Errorf("%w: hop %d, a connection is carried once", ErrPreface, w.Hop)
	case !goodDoor(w.Door):
		return fmt.Errorf("%w: door %.40q", ErrPreface, w.Door)
	case len(w.Host) > maxHost || !utf8.ValidString(w.Host) || strings.ContainsFunc(w.Host, control):
		return fmt.Errorf("%w: host %.80q", ErrPreface, w.Host)
	case w.Replay < 0 || w.Replay > MaxReplay:
		return fmt.Errorf("%w: %d bytes of replay, at most %d are allowed", ErrPreface, w.Replay, MaxReplay)
	case !w.Upgraded && w.Ticket != "":
		return fmt.Errorf("%w: a ticket goes with upgraded only", ErrPreface)
	}
	return nil
}

func control(r rune) bool { return r <= 0x20 || r == 0x7f }

// goodDoor reports whether a door's name is one: 1 to 32 of a-z, 0-9 and '-'.
func goodDoor(s string) bool {
	return s != "" && len(s) <= maxDoor && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}
