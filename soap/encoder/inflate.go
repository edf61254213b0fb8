package encoder

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// inflater opens its source when it is read for the first time.
type inflater struct {
	src     io.Reader
	deflate bool
	z       io.Reader
}

func (f *inflater) Read(p []byte) (int, error) {
	if f.z == nil {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	n, err := f.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &infoset.Error{Reason: infoset.Malformed, Offset: -1, Detail: "compressed data", Err: err}
	}
	return n, err
}

func (f *inflater) open() (err error) {
	if !f.deflate {
		if f.z, err = gzip.NewReader(f.src); err != nil {
			err = &infoset.Error{Reason: infoset.Malformed, Offset: -1, Detail: "gzip", Err: err}
		}
		return err
	}
	// With RFC 1950's header, as the name once meant, or without, as WCF has it.
	head := make([]byte, 2)
	n, err := io.ReadFull(f.src, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	src := io.MultiReader(bytes.NewReader(head[:n]), f.src)
	if n == 2 && head[0]&0x0F == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		f.z, err = zlib.NewReader(src)
		return err
	}
	f.z = flate.NewReader(src)
	return nil
}

// sizeDetail is the detail by which soap.Explain knows a message that is too big.
const sizeDetail = "size of the message"

// capped refuses a source that gives more than it may.
type capped struct {
	src  io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < int64(len(p)) {
		p = p[:c.left+1]
	}
	n, err := c.src.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, &infoset.Error{Reason: infoset.Quota, Offset: -1, Detail: sizeDetail}
	}
	return n, err
}
