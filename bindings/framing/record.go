package framing

import "strconv"

// Kind is the type of a record, its first byte on the wire ([MC-NMF] 2.2.3).
type Kind byte

// The records of the protocol (WCF wire reference section 1.2).
const (
	Version            Kind = iota // major, minor
	ModeRecord                     // one byte, see Mode
	Via                            // the address, UTF-8
	KnownEncoding                  // one byte, see Encoding
	ExtensibleEncoding             // a content type
	UnsizedEnvelope                // chunks, an empty one ends them
	SizedEnvelope                  // a length, the message
	End                            // the sender says no more
	FaultRecord                    // a fault's URI
	UpgradeRequest                 // the upgrade's name
	UpgradeResponse
	PreambleAck
	PreambleEnd

	kinds = iota
)

var kindNames = [kinds]string{
	"Version", "Mode", "Via", "KnownEncoding", "ExtensibleEncoding", "UnsizedEnvelope", "SizedEnvelope", "End", "Fault",
	"UpgradeRequest", "UpgradeResponse", "PreambleAck", "PreambleEnd",
}

// String names the record.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "record 0x" + strconv.FormatUint(uint64(k), 16)
}

// Mode says how a session exchanges messages ([MC-NMF] 2.2.3.2).
type Mode byte

// The modes.
const (
	SingletonUnsized Mode = 1 // one request and at most one reply, streamed
	Duplex           Mode = 2 // messages both ways
	Simplex          Mode = 3 // messages one way, nothing comes back: queues
	SingletonSized   Mode = 4 // one message to the end of the stream: queues
)

// Encoding is an encoding that has a number ([MC-NMF] 2.2.3.4.1). Others go by their content type.
type Encoding byte

// The two encodings that WCF's net.tcp bindings use by default.
const (
	Binary        Encoding = 7 // without in-band dictionary: singleton modes
	BinarySession Encoding = 8 // with in-band dictionary: duplex and simplex
)

// contentTypes are what the numbers stand for (WCF wire reference section 1.3).
var contentTypes = [...]string{
	"text/xml; charset=utf-8", "text/xml; charset=utf16", "text/xml; charset=unicodeFFFE",
	"application/soap+xml; charset=utf-8", "application/soap+xml; charset=utf16", "application/soap+xml; charset=unicodeFFFE",
	"multipart/related", "application/soap+msbin1", "application/soap+msbinsession1",
}

// ContentType is what the number stands for; "unknown" and the number for one that stands for nothing, as WCF has it: such
// an encoding is no mistake of framing, it just fits no endpoint.
func (e Encoding) ContentType() string {
	if int(e) < len(contentTypes) {
		return contentTypes[e]
	}
	return "unknown" + strconv.Itoa(int(e))
}

// The upgrades of WCF's own security (WCF wire reference section 5).
const (
	UpgradeTLS       = "application/ssl-tls"
	UpgradeNegotiate = "application/negotiate"
)

// Limits bound what a peer can make a reader hold. Zero values are the defaults beside them, those of WCF's listeners
// (WCF wire reference section 1.6); the tests of WCF clients show that peers keep to them.
type Limits struct {
	Via         int // 2048 bytes
	ContentType int // 256 bytes; upgrade names too
	Fault       int // 256 bytes
	Envelope    int // 65536 bytes, of an unsized envelope in all; negative: no bound, for who passes it on
}

func (l *Limits) of(k Kind) int {
	switch k {
	case Via:
		return positive(l.Via, 2048)
	case FaultRecord:
		return positive(l.Fault, 256)
	default:
		return positive(l.ContentType, 256)
	}
}

// envelope is the bound of a message; it fits what the wire can say.
func (l *Limits) envelope() int {
	if l.Envelope < 0 {
		return maxSize
	}
	return positive(l.Envelope, 65536)
}

func positive(v, otherwise int) int {
	if v > 0 {
		return v
	}
	return otherwise
}
