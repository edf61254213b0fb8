package http1

import (
	"errors"
	"io"
	"strconv"
)

// Errors of a body that is not as long as its framing says. The message on the wire is broken then: close the connection.
var (
	ErrTooShort = errors.New("http1: the body is shorter than its Content-Length")
	ErrTooLong  = errors.New("http1: the body is longer than its Content-Length")
)

// SourceError says that it was the source of [BodyWriter.Copy] that failed, not the connection. What was read before was written; the
// message on the wire stays incomplete: close the connection, so that the peer sees it.
type SourceError struct{ Err error }

// Error gives the source's text.
func (e *SourceError) Error() string { return "http1: read the body to send: " + e.Err.Error() }

// Unwrap gives the source's error.
func (e *SourceError) Unwrap() error { return e.Err }

const (
	chunkFront = 18      // the longest line before the data of a chunk: 16 digits, CRLF
	chunkBack  = 2 + 5   // CRLF after it, and LastChunk
	bodyRoom   = 1 << 10 // least room for data beside a head; a head that leaves less goes alone
	emptyReads = 100     // in a row, of a source that gives neither data nor an error: as many as bufio puts up with
)

// BodyWriter writes one message: its head, which the caller encoded, and its body in the framing that the head says. Every Write and
// every read of Copy is on the wire when it returns, as one chunk where the body is chunked and as one write of the connection, the
// head together with the first data. It allocates nothing. The first error sticks.
type BodyWriter struct {
	dst  io.Writer
	kind FramingKind
	left int64  // of kind Length: still to be written; None: 0
	buf  []byte // the caller's, up to its capacity
	head int    // bytes at its front that are not written yet
	err  error
	shut bool
}

// Reset begins a message. head is its encoded head, framing fields included ([Framing.Apply]); the room behind it up to its capacity
// becomes the writer's until the message has ended: some KiB make short writes whole, 64 KiB are good for Copy. An empty head writes a
// body alone.
func (w *BodyWriter) Reset(dst io.Writer, f Framing, head []byte) {
	*w = BodyWriter{dst: dst, kind: f.Kind, left: f.Length, buf: head[:cap(head)], head: len(head)}
	if least := bodyRoom + chunkFront + chunkBack; cap(head) < least {
		w.buf = append(make([]byte, 0, len(head)+least), head...)
		w.buf = w.buf[:cap(w.buf)]
	}
}

// Flush writes the head if it was not written yet.
func (w *BodyWriter) Flush() error {
	if w.err == nil && w.head > 0 {
		head := w.head
		w.head = 0
		_, w.err = w.dst.Write(w.buf[:head])
	}
	return w.err
}

// Write writes p as the next part of the body. Without data it writes nothing.
func (w *BodyWriter) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if err := w.admit(len(p)); err != nil {
			return n, err
		}
		part := len(p)
		if w.head == 0 && w.kind != Chunked {
			_, w.err = w.dst.Write(p) // nothing goes around it
		} else {
			part = copy(w.room(), p)
			w.emit(part, false)
		}
		if w.err != nil {
			return n, w.err
		}
		w.count(part)
		n, p = n+part, p[part:]
	}
	return n, w.err
}

// Close ends the body: the last chunk, and the head where nothing was written before. A body of a length must be complete. A second
// Close does nothing.
func (w *BodyWriter) Close() error {
	if w.err != nil || w.shut {
		return w.err
	}
	w.shut = true
	if w.left > 0 {
		w.err = ErrTooShort
		return w.err
	}
	w.room()
	w.emit(0, true)
	return w.err
}

// Copy writes all of src and closes the body. It reads straight into the writer's buffer and puts the framing around the data there.
// The head does not wait for the first data, unless src has a method Buffered() int that says that some is there. n counts bytes of the
// body. An error of src is a *[SourceError], io.ErrNoProgress among them; any other is the connection's or ErrTooShort or ErrTooLong.
func (w *BodyWriter) Copy(src io.Reader) (n int64, err error) {
	if b, ok := src.(interface{ Buffered() int }); w.head > 0 && (!ok || b.Buffered() == 0) {
		_ = w.Flush() // the error sticks
	}
	for empty := 0; w.err == nil; {
		part, err := src.Read(w.room())
		if empty++; part > 0 {
			empty = 0
		} else if err == nil && empty >= emptyReads {
			err = io.ErrNoProgress
		}
		last := errors.Is(err, io.EOF)
		w.pass(part, last)
		if w.err != nil {
			break
		}
		n += int64(part)
		switch {
		case last:
			w.shut = true
			return n, nil
		case err != nil:
			w.err = &SourceError{err}
		}
	}
	return n, w.err
}

// pass writes what Copy read. A body that is too short or too long is found before its end is written.
func (w *BodyWriter) pass(n int, last bool) {
	if n > 0 && w.admit(n) != nil {
		return
	}
	w.count(n)
	if last && w.left > 0 {
		w.emit(n, false)
		if w.err == nil {
			w.err = ErrTooShort
		}
		return
	}
	if n > 0 || last {
		w.emit(n, last)
	}
}

// admit checks that the framing has a place for n more bytes.
func (w *BodyWriter) admit(n int) error {
	switch {
	case w.err != nil:
	case w.shut:
		w.err = ErrTooLong
	case (w.kind == Length || w.kind == None) && int64(n) > w.left:
		w.err = ErrTooLong
	}
	return w.err
}

func (w *BodyWriter) count(n int) {
	if w.kind == Length {
		w.left -= int64(n)
	}
}

// front is where data begins in the buffer.
func (w *BodyWriter) front() int {
	if w.kind == Chunked {
		return w.head + chunkFront
	}
	return w.head
}

// room is the part of the buffer for data. A head that leaves too little of it is written first.
func (w *BodyWriter) room() []byte {
	if len(w.buf)-w.head < bodyRoom+chunkFront+chunkBack {
		_ = w.Flush() // the error sticks
	}
	return w.buf[w.front() : len(w.buf)-chunkBack]
}

// emit writes the first n bytes of the room, framed, with the head before them and, if they are the last, the end of the body behind.
func (w *BodyWriter) emit(n int, last bool) {
	start := w.front()
	end := start + n
	if w.kind == Chunked {
		if n > 0 {
			var line [chunkFront]byte
			size := append(strconv.AppendInt(line[:0], int64(n), 16), "\r\n"...)
			start -= copy(w.buf[start-len(size):], size)
			end += copy(w.buf[end:], "\r\n")
		}
		if last {
			end += copy(w.buf[end:], LastChunk)
		}
	}
	if w.head > 0 {
		start -= w.head
		copy(w.buf[start:], w.buf[:w.head])
		w.head = 0
	}
	if w.err == nil && start < end {
		_, w.err = w.dst.Write(w.buf[start:end])
	}
}
