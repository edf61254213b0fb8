package http1

import (
	"bufio"
	"errors"
	"io"
)

// BodyReader reads the body of one message from a connection, whatever its framing (RFC 9112 section 6.3). The zero value is a body
// that has ended; Reset begins one, so that a connection needs a single BodyReader for all its messages. It allocates nothing but
// for an error.
//
// How a body ends is said by the error of Read:
//   - io.EOF: all of it was read. See [BodyReader.Reusable].
//   - io.ErrUnexpectedEOF: the connection ended before the body did.
//   - *[Error]: the chunked coding is broken; nothing more can be read from the connection.
//   - any other: the connection's own error, a deadline for example. Reading may go on after a deadline.
type BodyReader struct {
	src    *bufio.Reader
	kind   FramingKind
	size   int64
	left   int64 // of kind Length: still to come
	chunks Chunks
	err    error // sticks: the three ends above
}

// Reset begins the body that follows in src.
func (b *BodyReader) Reset(src *bufio.Reader, f Framing) {
	*b = BodyReader{src: src, kind: f.Kind, size: -1}
	switch f.Kind {
	case None, Length:
		b.size, b.left = f.Length, f.Length
		if b.left == 0 {
			b.err = io.EOF
		}
	case Chunked, UntilClose:
	}
}

// Size is the length of the whole body as its head says it; -1: nobody knows it before the end.
func (b *BodyReader) Size() int64 { return b.size }

// Reusable reports whether the whole body was read and what follows on the connection is the next message.
func (b *BodyReader) Reusable() bool { return errors.Is(b.err, io.EOF) && b.kind != UntilClose }

// Read gives what is there, up to len(p) bytes, and waits only if nothing is. The last bytes come with io.EOF where the end is known
// by then, so that an answer needs no second Read.
func (b *BodyReader) Read(p []byte) (n int, err error) {
	switch {
	case b.err != nil:
		return 0, b.err
	case b.src == nil:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case b.kind == Chunked:
		n, err = b.readChunks(p)
	case b.kind == Length:
		n, err = b.readLength(p)
	default:
		if n, err = b.src.Read(p); errors.Is(err, io.EOF) {
			b.err = io.EOF
		}
	}
	return n, err
}

func (b *BodyReader) readLength(p []byte) (int, error) {
	n, err := b.src.Read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left == 0 {
		b.err = io.EOF
		return n, io.EOF
	}
	return n, b.early(err)
}

// early makes the end of the connection the early end of the body.
func (b *BodyReader) early(err error) error {
	if errors.Is(err, io.EOF) {
		b.err = io.ErrUnexpectedEOF
		return b.err
	}
	return err
}

// readChunks gathers the data of all chunks that are there. Data of a chunk that is not there yet goes straight into p, past the
// buffer of src where p is larger.
func (b *BodyReader) readChunks(p []byte) (n int, err error) {
	for {
		switch {
		case b.src.Buffered() > 0:
			m, stop, err := b.takeChunks(p[n:])
			if n += m; stop || err != nil {
				return n, err
			}
		case n > 0:
			return n, nil
		case b.chunks.state == chunkData:
			n, err = b.src.Read(p[:min(int64(len(p)), b.chunks.left)])
			b.chunks.advance(n)
			if err != nil {
				return n, b.early(err)
			}
		default:
			if _, err := b.src.Peek(1); err != nil {
				return 0, b.early(err)
			}
		}
	}
}

// takeChunks decodes what src has buffered. stop: p is full, with nothing but data to come.
func (b *BodyReader) takeChunks(p []byte) (n int, stop bool, err error) {
	window, _ := b.src.Peek(b.src.Buffered())
	data, used, err := b.chunks.next(window, len(p))
	n = copy(p, data)
	_, _ = b.src.Discard(used) // it is buffered
	switch {
	case err != nil:
		b.err = err
	case b.chunks.Done():
		b.err = io.EOF
	default:
		return n, used == 0, nil
	}
	return n, true, b.err
}

// Buffered is how many bytes Read gives at once, without waiting for the connection: at least so many, 0 when it is not known.
func (b *BodyReader) Buffered() int {
	if b.err != nil || b.src == nil {
		return 0
	}
	there := b.src.Buffered()
	switch b.kind {
	case Length:
		return int(min(b.left, int64(there)))
	case UntilClose:
		return there
	case Chunked:
		window, _ := b.src.Peek(there)
		ahead := b.chunks // a copy: looking changes nothing
		data, _, _ := ahead.Next(window)
		return len(data)
	case None:
	}
	return 0
}
