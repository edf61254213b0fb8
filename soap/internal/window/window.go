// Package window owns the bytes that a streaming decoder looks at: a view on a
// whole document, or a sliding piece of an io.Reader.
//
// It owns no grammar. One goroutine uses a Window. Slices cut from Buf stay
// valid until the token after the one they belong to begins, however often More
// is called in between.
package window

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// first is the size of a new buffer: one read of a usual SOAP message.
const first = 8 << 10

// stalls is how many reads in a row may bring nothing, as in package bufio.
const stalls = 100

// Window is the view. Decoders read Buf[Pos:] and move Pos.
type Window struct {
	// Buf holds what has been read. Its bytes are read only.
	Buf []byte
	// Pos is the index in Buf of the next byte to look at.
	Pos int
	// Err is the error of the source that ended reading; nil for io.EOF.
	Err error

	keep  int // Buf[keep:] belongs to the current token
	base  int64
	src   io.Reader
	spare []byte // second buffer, used when a token crosses the end of the first
	moved bool   // the current token has slices in spare
	done  bool
}

// Reset looks at src from its beginning. The buffers stay.
func (w *Window) Reset(src io.Reader) {
	buf := w.Buf[:0]
	if w.src == nil {
		buf = nil // it was the caller's own
	}
	*w = Window{Buf: buf, src: src, spare: w.spare}
}

// ResetBytes looks at the whole of b, which is not copied.
func (w *Window) ResetBytes(b []byte) {
	*w = Window{Buf: slices.Clip(b), done: true, spare: w.spare}
}

// Release looks at nothing any more, and keeps a buffer of its own of at most most bytes.
func (w *Window) Release(most int) {
	spare := w.spare
	if w.src != nil && cap(spare) < cap(w.Buf) {
		spare = w.Buf
	}
	if cap(spare) > most {
		spare = nil
	}
	*w = Window{done: true, spare: spare[:0]}
}

// Rest gives what is left of the document from Pos on as a stream of its own,
// for a decoder that must convert it first. The Window can be Reset to look at
// the outcome.
func (w *Window) Rest() io.Reader {
	rest := w.Buf[w.Pos:]
	if w.src == nil {
		return bytes.NewReader(rest)
	}
	if w.done {
		return bytes.NewReader(bytes.Clone(rest))
	}
	return io.MultiReader(bytes.NewReader(bytes.Clone(rest)), w.src)
}

// Mark begins a token at Pos. Slices of earlier tokens become invalid.
func (w *Window) Mark() { w.keep, w.moved = w.Pos, false }

// Start gives the index in Buf where the current token begins.
func (w *Window) Start() int { return w.keep }

// Size gives the number of bytes of the current token so far.
func (w *Window) Size() int { return w.Pos - w.keep }

// Offset gives the position of Buf[i] in the document, in bytes.
func (w *Window) Offset(i int) int64 { return w.base + int64(i) }

// More reads at least one more byte behind Buf. It may move the current token,
// so indexes into Buf change: the token then begins at Start, and Pos still
// names the same byte. It gives false at the end of the source.
func (w *Window) More() bool {
	if w.done {
		return false
	}
	w.room()
	for range stalls {
		n, err := w.src.Read(w.Buf[len(w.Buf):cap(w.Buf)])
		if n < 0 || n > cap(w.Buf)-len(w.Buf) {
			n, err = 0, errors.New("window: reader gave an impossible count")
		}
		w.Buf = w.Buf[:len(w.Buf)+n]
		if err != nil {
			w.done = true
			if !errors.Is(err, io.EOF) {
				w.Err = err
			}
			return n > 0
		}
		if n > 0 {
			return true
		}
	}
	w.done, w.Err = true, io.ErrNoProgress
	return false
}

// room makes space behind Buf. Bytes of the current token are never moved
// within a buffer: they are copied to the other one, so that slices of them
// keep their content.
func (w *Window) room() {
	if len(w.Buf) < cap(w.Buf) {
		return
	}
	kept := w.Buf[w.keep:]
	if len(kept) == 0 && cap(w.Buf) > 0 {
		w.base += int64(w.keep)
		w.Pos, w.keep, w.Buf = w.Pos-w.keep, 0, w.Buf[:0]
		return
	}
	next := w.spare
	// A smaller buffer would have to grow again for the next token of this size.
	if w.moved || cap(next) < 2*len(kept) || cap(next) < cap(w.Buf) || cap(next) < first {
		next = make([]byte, 0, max(cap(w.Buf), 2*len(kept), first))
	}
	w.spare, w.moved = w.Buf[:0], true
	w.base += int64(w.keep)
	w.Pos -= w.keep
	w.keep = 0
	w.Buf = append(next[:0], kept...)
}

// Need reads until n bytes lie behind Pos; false: the source ended before.
func (w *Window) Need(n int) bool {
	for len(w.Buf)-w.Pos < n {
		if !w.More() {
			return false
		}
	}
	return true
}
