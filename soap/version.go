package soap

// Namespaces of the envelope: SOAP 1.1, 4; SOAP 1.2 part 1, 5.1.
const (
	Namespace11 = "http://schemas.xmlsoap.org/soap/envelope/"
	Namespace12 = "http://www.w3.org/2003/05/soap-envelope"
)

// Names of the parts of a message, the same in both versions.
const (
	partEnvelope = "Envelope"
	partHeader   = "Header"
	partBody     = "Body"
)

// Version is a version of SOAP.
type Version uint8

// Versions. The zero Version is None.
const (
	// None: no envelope. The document is the body, and there are no headers.
	None Version = iota
	// V11 is SOAP 1.1.
	V11
	// V12 is SOAP 1.2.
	V12
)

// rules are what differs between versions and is no more than a word.
type rules struct {
	name, space, media string
	role               string // attribute for the role
	next, ultimate     string // role URIs; the ultimate receiver has none in 1.1
}

var versions = [...]rules{
	None: {name: "no SOAP", media: "application/xml"},
	// SOAP 1.1, 4.2.2 and 6.
	V11: {name: "SOAP 1.1", space: Namespace11, media: "text/xml", role: "actor", next: "http://schemas.xmlsoap.org/soap/actor/next"},
	// SOAP 1.2 part 1, 2.2 and 5.2.2; RFC 3902.
	V12: {
		name: "SOAP 1.2", space: Namespace12, media: "application/soap+xml", role: "role",
		next: Namespace12 + "/role/next", ultimate: Namespace12 + "/role/ultimateReceiver",
	},
}

// roleNone is the role that nobody plays (SOAP 1.2 part 1, 2.2).
const roleNone = Namespace12 + "/role/none"

func (v Version) rules() *rules {
	if int(v) < len(versions) {
		return &versions[v]
	}
	return &versions[None]
}

// VersionOf gives the version whose envelope namespace is space.
func VersionOf(space string) (Version, bool) {
	switch space {
	case Namespace11:
		return V11, true
	case Namespace12:
		return V12, true
	}
	return None, false
}

// String gives "SOAP 1.1", "SOAP 1.2" or "no SOAP".
func (v Version) String() string { return v.rules().name }

// Namespace gives the namespace of the envelope, "" for None.
func (v Version) Namespace() string { return v.rules().space }

// MediaType gives the media type of a text message without parameters: text/xml,
// application/soap+xml, application/xml.
func (v Version) MediaType() string { return v.rules().media }

// NextRole gives the role URI that every node plays.
func (v Version) NextRole() string { return v.rules().next }
