package http1

import "math"

// Limits of the parts of a chunked body that are not data. Legitimate ones are tiny; Node and net/http allow 16 KiB in all.
const (
	maxChunkDigits = 16      // digits of one size: 64 bits, as net/http
	maxLineExt     = 1 << 10 // bytes of extensions on one line
	maxExt         = 16 << 10
	maxTrailer     = 8 << 10 // bytes of all trailer lines, without line feeds
)

// Chunks decodes one chunked body (RFC 9112 section 7.1) from pieces of any size. The zero value is ready; use a new one for each
// body. Sizes are hexadecimal digits only, lines end in CRLF only. Extensions must be well formed and are dropped. Trailer fields
// must be well formed and are dropped: no shape of the relay has a place for them, and merging them into the head is a way to
// smuggle (RFC 9110 section 6.5.1).
type Chunks struct {
	state   chunkState
	left    int64 // bytes of data still to come in this chunk; the size while its digits are read
	digits  int   // of this size
	lineExt int   // bytes of extensions on this line
	ext     int   // and on the lines before it
	trailer int   // bytes of trailer lines
	offset  int   // bytes taken, for errors
	err     error // sticks
}

// Next takes bytes that follow what it took before. It returns the next piece of data, which aliases b and may be empty, and how
// many bytes of b it used, data included; call it again with the rest while it uses any. When [Chunks.Done], the bytes after n
// belong to the next message. n == len(b) and not Done means: more is needed. Errors are *[Error], are found at their first byte,
// and stay; data returned before them came from good chunks. It never allocates but for an error.
func (c *Chunks) Next(b []byte) (data []byte, n int, err error) { return c.next(b, len(b)) }

// next is Next with at most room bytes of data. Without room it stops before the data.
func (c *Chunks) next(b []byte, room int) (data []byte, n int, err error) {
	for n < len(b) && c.err == nil && c.state != chunkDone {
		if c.state == chunkData {
			size := int(min(c.left, int64(len(b)-n), int64(room)))
			data = b[n : n+size]
			c.advance(size)
			return data, n + size, nil
		}
		if c.err = c.step(b[n]); c.err == nil {
			c.offset++
			n++
		}
	}
	return nil, n, c.err
}

// Done reports whether the last chunk and the trailer section have been read.
func (c *Chunks) Done() bool { return c.state == chunkDone }

// advance counts data that has been handed out.
func (c *Chunks) advance(size int) {
	c.offset += size
	if c.left -= int64(size); c.left == 0 {
		c.state = chunkDataCR
	}
}

// step moves by one byte outside of data.
func (c *Chunks) step(b byte) error {
	next := chunkTable[c.state][chunkClass[b]]
	switch next {
	case chunkBad:
		return bad(c.offset, chunkFaults[c.state])
	case chunkSize:
		return c.digit(b)
	case chunkExtGap, chunkExt, chunkName, chunkNameGap, chunkValue0, chunkValue, chunkQuoted, chunkPair, chunkQuotedEnd:
		if c.lineExt++; c.lineExt > maxLineExt || c.ext+c.lineExt > maxExt {
			return c.tooLarge("chunk extensions are too long; leave them out")
		}
	case chunkTrailerName, chunkTrailerValue, chunkTrailerCR:
		if c.trailer++; c.trailer > maxTrailer {
			return c.tooLarge("trailer fields are too long; leave them out")
		}
	case chunkData: // the size line is complete
		c.ext += c.lineExt
		c.lineExt, c.digits = 0, 0
		if c.left == 0 {
			next = chunkTrailer
		}
	}
	c.state = next
	return nil
}

// digit adds one digit to the size. RFC 9112 section 7.1 asks for care with large numbers: what does not fit 63 bits is refused
// before it is computed, and leading zeros count as digits, so that a size line is bounded too.
func (c *Chunks) digit(b byte) error {
	if c.digits++; c.digits > maxChunkDigits || c.left > math.MaxInt64>>4 {
		return bad(c.offset, "chunk size is too large a number")
	}
	c.left = c.left<<4 | int64(hexValue(b))
	c.state = chunkSize
	return nil
}

// tooLarge is for what is well formed but longer than anybody needs.
func (c *Chunks) tooLarge(text string) error {
	return &Error{Kind: TooLarge, Offset: c.offset, Text: text}
}

// hexValue gives the value of a byte of class inHex.
func hexValue(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return lower(b) - 'a' + 10
}
