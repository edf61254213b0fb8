package framing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// script is a session as words: c or s, and a record. Mode records carry their number.
func play(script string) (*framing.Session, error) {
	var s framing.Session
	for word := range strings.FieldsSeq(script) {
		who := framing.Client
		if word[0] == 's' {
			who = framing.Server
		}
		var data []byte
		k, ok := words[word[1:]]
		if !ok {
			k, data = framing.ModeRecord, []byte{word[1] - '0'}
		}
		if err := s.Step(who, k, data); err != nil {
			return &s, err
		}
	}
	return &s, nil
}

var words = map[string]framing.Kind{
	"V": framing.Version, "via": framing.Via, "enc": framing.KnownEncoding, "ext": framing.ExtensibleEncoding,
	"05": framing.UnsizedEnvelope, "06": framing.SizedEnvelope, "end": framing.End, "F": framing.FaultRecord,
	"up": framing.UpgradeRequest, "upped": framing.UpgradeResponse, "ack": framing.PreambleAck, "over": framing.PreambleEnd,
}

const (
	duplex   = "cV c2 cvia cenc cover sack "
	streamed = "cV c1 cvia cenc cover sack "
)

// TestSessions are sessions that real peers hold.
func TestSessions(t *testing.T) {
	for _, script := range []string{
		duplex + "c06 s06 cend send",
		duplex + "c06 c06 s06 cend s06 s06 send",
		duplex + "send c06 cend",
		duplex + "cend send " + duplex + "c06 s06 cend send", // the connection is used again
		duplex + "cend send " + streamed + "c05 s05 cend send",
		"cV c2 cvia cenc cover c06 sack s06 cend send", // the client did not wait
		"cV c2 cvia cenc cover c06 cend sack s06 send",
		"cV c2 cvia cext cup supped cover sack c06 s06 cend send",
		"cV c2 cvia cenc cup supped cup supped cover sack",
		streamed + "c05 cend s05 send",
		streamed + "c05 s05 cend send",
		streamed + "c05 cend send", // one-way
		"cV c3 cvia cenc c06 c06 cend",
		"cV c4 cvia cenc c05",
		"sF", "cV sF", "cV c2 sF", "cV c2 cvia sF", "cV c2 cvia cenc cup sF", "cV c2 cvia cenc cover sF sF",
		duplex + "c06 sF", streamed + "c05 sF", duplex + "cend sF", streamed + "c05 s05 sF",
	} {
		if s, err := play(script); err != nil {
			t.Errorf("%s: %v in %v, %v", script, err, s.State(framing.Client), s.State(framing.Server))
		}
	}
}

// TestBroken are sessions whose last record breaks a rule; what stands before it does not.
func TestBroken(t *testing.T) {
	for _, script := range []string{
		"c2", "cvia", "c06", "sack", "s06", "send", "supped",
		"cV cV", "cV cvia", "cV c2 cenc", "cV c2 c2", "cV c2 cvia cvia", "cV c2 cvia cover", "cV c2 cvia cenc cenc", "cV c2 cvia cenc c06",
		"cV c2 cvia cenc sack", "cV c2 cvia cenc cup cover", "cV c2 cvia cenc cup sack", "cV c2 cvia cenc cup c06", "cV c2 cvia cenc supped",
		duplex + "sack", duplex + "cover", duplex + "c05", duplex + "s05", duplex + "cup", duplex + "cV", duplex + "cend c06",
		duplex + "cend cV", duplex + "cend send s06", duplex + "send s06", duplex + "sF c06",
		streamed + "c06", streamed + "c05 c05", streamed + "c05 cend s05 s05", streamed + "cend", streamed + "s06",
		"cV c3 cvia cenc cover", "cV c3 cvia cenc cup", "cV c3 cvia cenc c05", "cV c3 cvia cenc cend c06",
		"cV c4 cvia cenc c06", "cV c4 cvia cenc c05 c05",
	} {
		all := strings.Fields(script)
		good := strings.Join(all[:len(all)-1], " ")
		if _, err := play(good); err != nil {
			t.Errorf("%s: %v", good, err)
			continue
		}
		s, err := play(script)
		if _, ok := errors.AsType[*framing.Error](err); !ok {
			t.Errorf("%s is taken: %v, %v", script, s.State(framing.Client), s.State(framing.Server))
		}
		before, _ := play(good)
		if *s != *before {
			t.Errorf("%s: the breach changed the state", script)
		}
	}
}

// TestUnknown: a mode and a record that do not exist.
func TestUnknown(t *testing.T) {
	s, _ := play("cV")
	for _, data := range [][]byte{nil, {0}, {5}, {1, 2}} {
		if err := s.Step(framing.Client, framing.ModeRecord, data); framing.FaultOf(err) != framing.UnsupportedMode {
			t.Errorf("mode %v: %v", data, err)
		}
	}
	if s.Step(framing.Client, 0x7f, nil) == nil {
		t.Error("record 7f is taken")
	}
	if got := framing.Kind(0x7f).String(); got != "record 0x7f" {
		t.Error(got)
	}
	if s.Mode() != 0 || s.State(framing.Client).String() != "GotVersion" || framing.Server.String() != "server" || framing.Client.String() != "client" {
		t.Errorf("%v in mode %d", s.State(framing.Client), s.Mode())
	}
}

// TestNames: the texts that peers and people see.
func TestNames(t *testing.T) {
	for e, want := range map[framing.Encoding]string{
		0: "text/xml; charset=utf-8", 3: "application/soap+xml; charset=utf-8", 6: "multipart/related",
		framing.Binary: "application/soap+msbin1", framing.BinarySession: "application/soap+msbinsession1", 0xee: "unknown238",
	} {
		if got := e.ContentType(); got != want {
			t.Errorf("encoding %d is %s", e, got)
		}
	}
	for _, f := range []framing.Fault{framing.ContentTypeInvalid, framing.MaxMessageSizeExceeded} {
		if got, ok := framing.ParseFault([]byte(f.URI())); got != f || !ok || !strings.HasPrefix(f.URI(), "http://schemas.microsoft.com/ws/2006/05/framing/faults/") {
			t.Errorf("%s comes back as %s", f, got)
		}
	}
	for _, uri := range []string{"", "urn:unknown:fault", "http://schemas.microsoft.com/ws/2006/05/framing/faults/"} {
		if f, ok := framing.ParseFault([]byte(uri)); ok {
			t.Errorf("%q is %s", uri, f)
		}
	}
	if got := string(framing.AppendFault(nil, framing.ContentTypeInvalid)); got != "\x08\x49http://schemas.microsoft.com/ws/2006/05/framing/faults/ContentTypeInvalid" {
		t.Errorf("%q", got)
	}
}
