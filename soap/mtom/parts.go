package mtom

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// rootSource is the envelope's part. It streams until another part is wanted;
// then the rest of it is held.
type rootSource struct {
	kept []byte
	live io.Reader // behind kept; nil: nothing
}

// Read gives the part's bytes in their order.
func (s *rootSource) Read(p []byte) (int, error) {
	if len(s.kept) > 0 {
		n := copy(p, s.kept)
		s.kept = s.kept[n:]
		return n, nil
	}
	if s.live == nil {
		return 0, io.EOF
	}
	return s.live.Read(p)
}

// peek holds the first n bytes, or all if there are fewer.
func (s *rootSource) peek(n int) error {
	b := make([]byte, n)
	n, err := io.ReadFull(s.live, b)
	s.kept = b[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.live = nil
		return nil
	}
	return err
}

// holdRoot reads the rest of the envelope, so that other parts can be read.
func (r *reader) holdRoot() error {
	if r.root.live == nil {
		return nil
	}
	rest, err := r.take(r.root.live)
	if err != nil {
		return err
	}
	r.root.kept, r.root.live = append(r.root.kept, rest...), nil
	return nil
}

// take reads src into memory, within what is left of it.
func (r *reader) take(src io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(src, r.left+1))
	if err != nil {
		return nil, r.contentError(err)
	}
	if r.left -= n; r.left < 0 {
		return nil, r.s.place(over("MIME: bytes that must be held", int(r.s.limits.Memory)))
	}
	return b.Bytes(), nil
}

// keep holds the current part. One that has no Content-ID cannot be referred to.
func (r *reader) keep(h partHead) error {
	if h.id == "" {
		return nil
	}
	k := key(h.id)
	if _, twice := r.parts[k]; twice || r.used[k] {
		return r.s.fail(infoset.Duplicate, "two parts of Content-ID "+infoset.Clip(h.id))
	}
	src, err := r.decoded(h)
	if err != nil {
		return err
	}
	// The name takes memory too, and so do the entries of the table.
	const entry = 128
	r.left -= int64(len(k)) + entry
	b, err := r.take(src)
	r.parts[k] = b
	return err
}

// find gives the content of the part that ref names. A part is given once: with
// more references to it than one a small message would stand for a large one.
func (r *reader) find(ref reference) (io.Reader, error) {
	for _, k := range ref.keys() {
		if r.used[k] {
			return nil, r.refuse(infoset.Refused, "part "+ref.String()+" is the envelope, or referred to twice")
		}
		if b, ok := r.parts[k]; ok {
			delete(r.parts, k)
			r.used[k] = true
			r.left += int64(len(b))
			return bytes.NewReader(b), nil
		}
	}
	if err := r.holdRoot(); err != nil {
		return nil, err
	}
	for {
		h, err := r.s.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, r.refuse(infoset.Malformed, "no part has Content-ID "+ref.String())
		case err != nil:
			return nil, err
		case ref.is(h.id):
			r.used[key(h.id)] = true
			return r.decoded(h)
		}
		if err := r.keep(h); err != nil {
			return nil, err
		}
	}
}

// decoded gives the current part's content without its transfer encoding (RFC
// 2045, 6). WCF has no need of the encodings that make text; mail software has.
func (r *reader) decoded(h partHead) (io.Reader, error) {
	switch h.encoding {
	case "", "binary", "8bit", "7bit":
		return r.s, nil
	case "base64":
		return &transfer{r, base64.NewDecoder(base64.StdEncoding, r.s)}, nil
	case "quoted-printable":
		return &transfer{r, quotedprintable.NewReader(r.s)}, nil
	}
	return nil, r.s.fail(infoset.Refused, "transfer encoding "+infoset.Clip(h.encoding))
}

// transfer reads content out of its transfer encoding; the root's document is read from it without anybody between, so its errors say
// themselves what is wrong.
type transfer struct {
	r   *reader
	src io.Reader
}

// Read gives decoded bytes.
func (t *transfer) Read(p []byte) (int, error) {
	n, err := t.src.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = t.r.contentError(err)
	}
	return n, err
}

// contentError gives the error of a part's content: that of the MIME reader, or
// one of the transfer encoding.
func (r *reader) contentError(err error) error {
	if e, ok := errors.AsType[*infoset.Error](err); ok {
		return e
	}
	return r.s.place(&infoset.Error{Reason: infoset.Malformed, Detail: "MIME: transfer encoding", Err: err})
}
