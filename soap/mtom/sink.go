package mtom

import (
	"bytes"
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// sink is the way out of a Writer. It counts, and it looks for the boundary in what
// is written: content that holds it would end its part early and could put parts
// of its own choice into the message.
type sink struct {
	dst   io.Writer
	limit int64
	n     int64
	lead  []byte // framing that goes out with the first content

	mark []byte // LF, "--", boundary: readers may take a lone LF for a line break
	tail []byte // end of what was written, shorter than mark
}

func newSink(dst io.Writer, boundary string, limit int64) *sink {
	return &sink{dst: dst, limit: limit, mark: []byte("\n--" + boundary)}
}

// frame writes framing.
func (s *sink) frame(b []byte) error {
	err := s.write(b)
	// What follows is at the beginning of a line.
	s.tail = append(s.tail[:0], '\n')
	return err
}

// Write writes content.
func (s *sink) Write(p []byte) (int, error) {
	if s.lead != nil {
		lead := s.lead
		s.lead = nil
		if err := s.frame(lead); err != nil {
			return 0, err
		}
	}
	if s.holds(p) {
		return 0, &infoset.Error{Reason: infoset.Misuse, Offset: s.n, Detail: "MTOM: the boundary is in the content: choose another, at random"}
	}
	if err := s.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// holds reports whether p, with what was written before, holds the boundary.
func (s *sink) holds(p []byte) bool {
	most := len(s.mark) - 1
	seam := append(s.tail, p[:min(len(p), most)]...)
	found := bytes.Contains(seam, s.mark) || bytes.Contains(p, s.mark)
	end := seam
	if len(p) >= most {
		end = p
	}
	s.tail = append(s.tail[:0], end[max(0, len(end)-most):]...)
	return found
}

func (s *sink) write(b []byte) error {
	if s.n += int64(len(b)); s.limit > 0 && s.n > s.limit {
		return &infoset.Error{Reason: infoset.Quota, Offset: s.n, Detail: sizeDetail}
	}
	_, err := s.dst.Write(b)
	return sourced(err)
}

// sourced makes an *infoset.Error of what a stream gave.
func sourced(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*infoset.Error](err); ok {
		return e
	}
	return &infoset.Error{Reason: infoset.Source, Offset: -1, Err: err}
}
