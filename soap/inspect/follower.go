package inspect

import (
	"errors"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// maxRest bounds what a Follower keeps of a record that has not come whole.
const maxRest = 1 << 20

// Follower reads one direction of a net.tcp connection while its bytes come, cut anywhere. It must see them from the first on: session
// strings and the encoding were said there. The zero Follower is ready. It is for one goroutine.
type Follower struct {
	s       stream
	report  Report
	session *xmlbin.ReaderSession
	offset  int  // of s.b in the connection
	asked   bool // an upgrade was the last record: what follows may not be framing
	over    error
	secured bool
}

// Framed reports whether b can be the beginning of a net.tcp connection, in the direction of the client or of the server.
func Framed(b []byte) bool { return looksFramed(b) }

// Add takes in more bytes and gives the records and messages that are complete with them; offsets are those in the connection. Behind an
// upgrade to TLS nothing can be read, and nothing comes. An error says where the reading got lost: it stays.
func (f *Follower) Add(b []byte) (*Report, error) {
	f.report = Report{Kind: "net.tcp stream", Size: len(b)}
	if f.over != nil || f.secured {
		return &f.report, f.over
	}
	if f.session == nil {
		f.begin()
	}
	f.s.b = append(f.s.b[f.s.pos:], b...)
	f.s.pos = 0
	f.s.records = nil
	f.over = f.walk()
	if lost, ok := errors.AsType[*infoset.Error](f.over); ok {
		lost.Offset += int64(f.offset)
	}
	for i := range f.s.records {
		f.s.records[i].Offset += f.offset
	}
	for i := range f.report.Messages {
		f.report.Messages[i].Offset += f.offset
	}
	f.report.Records = f.s.records
	f.offset += f.s.pos
	return &f.report, f.over
}

func (f *Follower) begin() {
	f.session = xmlbin.NewReaderSession(maxSession)
	f.s.restart = func() { f.session = xmlbin.NewReaderSession(maxSession) }
	f.s.envelope = func(at int, payload []byte, s *stream) {
		_ = f.report.message(at, payload, s.encoding, f.session) // the message has it in its Err
	}
}

// walk reads the records that are there whole.
func (f *Follower) walk() error {
	s := &f.s
	if f.asked && len(s.b) > 0 {
		f.asked = false
		if f.secured = s.secured(); f.secured {
			return nil
		}
	}
	for s.pos < len(s.b) {
		at := s.pos
		kind := s.b[at]
		s.pos++
		s.short = false
		done, err := s.record(at, kind)
		switch {
		case s.short:
			s.pos = at
			if len(s.b)-at > maxRest {
				return &infoset.Error{Reason: infoset.Quota, Offset: int64(at), Detail: "net.tcp framing: a record has more than 1 MiB"}
			}
			return nil
		case err != nil:
			return err
		case done:
			f.secured = true
			return nil
		}
		f.asked = (kind == nmfUpgrade || kind == nmfUpgradeResp) && s.pos == len(s.b)
	}
	return nil
}
