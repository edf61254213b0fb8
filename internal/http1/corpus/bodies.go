package corpus

import (
	"strconv"
	"strings"
)

const (
	ruleSize     = "RFC 9112 7.1: chunk-size = 1*HEXDIG, within 63 bits"
	ruleExt      = "RFC 9112 7.1.1: chunk-ext = *( BWS \";\" BWS name [ BWS \"=\" BWS value ] )"
	ruleChunkEnd = "RFC 9112 7.1: every line of the coding and every chunk ends in CRLF"
	ruleData     = "RFC 9112 7.1: chunk-data = chunk-size octets"
	ruleTrailer  = "RFC 9112 7.1.2: trailer-section = *( field-line CRLF )"
)

// badSizes replace a size; N stands for the right one. None of them is a right size of any chunk.
var badSizes = []string{
	"", "0xN", "0XN", "xN", "+N", "-N", "-0", " N", "\tN", "N ", "N\t", "N  ", "N_0", "_N", "NZ", "Nthese-bytes", "N,N", "N N", "N.0", "Ne+1", "Nh", "$N", "#N", "%30", `"N"`, "(N)", "\x00N", "N\x00",
	"\vN", "N\v", "N\f", "\u0661", "\uff11", "\ufeffN", "\u00a0N", "N\u00a0", "g", "G", "N=", "N:", "N/2", "N\\", "N\x7f", "N\xff",
	"8000000000000000", "ffffffffffffffff", "10000000000000001", "10000000000000000", "FFFFFFFFFFFFFFFFF", "00000000000000000000N", "123456789abcdef01234567",
}

// sizes breaks the size of each chunk in turn, the last one too.
func (s *set) sizes(b chunkBase) {
	good := b.message()
	for i, c := range b.chunks {
		for _, v := range badSizes {
			s.add(ruleSize, "size/"+strconv.Itoa(i)+"/"+quote(v), b.with(func(b *chunkBase) { b.chunks[i].size = replaceN(v, c.size) }).message(), good)
		}
	}
}

// badExts are wrong after a size and after a good extension: no name, no value, open quotes, bytes that are no token, controls.
var badExts = []string{
	";", ";;", "; ", ";=", ";=v", ";a=", ";a=;b", ";a=\"", ";a=\"x", ";a=\"x\"y", ";a=x\"", ";a==b", ";a=b=c", ";a b", ";a=b c", ";a ", ";a=b ", ";a;", ";a=b;", ";(a)", ";a=(b)", ";a=[b]", ";a@b", ";a/b",
	";a=b/c", ";a\x00", ";a=\x00", ";a=\"\x00\"", ";a=\"\\\x01\"", ";a=\x7f", ";\xff", ";a=\xc3\xa9", ";a\vb", ";a=\"x\v\"", ",a", ":a", " a", ";a,b", ";a:b", ";a=b,c=d", ";a='b c'", ";\"a\"=b",
}

// badFirst is wrong right after a size only: a blank may stand between two extensions, and a value may follow a name.
var badFirst = []string{" ;a", "\t;a", "=a", " ", "\t"}

// extensions breaks the extension of each chunk in turn.
func (s *set) extensions(b chunkBase) {
	good := b.message()
	for i := range b.chunks {
		for _, ext := range concat(badExts, badFirst) {
			s.add(ruleExt, "ext/"+strconv.Itoa(i)+"/"+quote(ext), b.with(func(b *chunkBase) { b.chunks[i].ext = ext }).message(), good)
		}
		for _, ext := range badExts {
			s.add(ruleExt, "ext-more/"+strconv.Itoa(i)+"/"+quote(ext), b.with(func(b *chunkBase) { b.chunks[i].ext += ext }).message(), good)
		}
		for _, end := range []string{";a\n", ";a=\"b\n", ";a=\"b\r\n", ";a=b\rX", ";a\r\r\n", ";a=\"\\\n"} {
			s.add(ruleExt, "ext-end/"+strconv.Itoa(i)+"/"+quote(end), b.with(func(b *chunkBase) { b.chunks[i].ext, b.chunks[i].end = "", end }).message(), good)
		}
	}
}

// chunkEnds breaks each line end of the coding.
func (s *set) chunkEnds(b chunkBase) {
	good := b.message()
	ends := []string{"\n", "\rX", "\n\r", "\r\r\n", "\x00\r\n", "\r\x00\n", "\v\r\n", "\r \n", "\"\r\n", "\n\n"}
	for i := range b.chunks {
		for _, end := range ends {
			s.add(ruleChunkEnd, "size-end/"+strconv.Itoa(i)+"/"+quote(end), b.with(func(b *chunkBase) { b.chunks[i].end = end }).message(), good)
			if i < len(b.chunks)-1 {
				s.add(ruleChunkEnd, "data-end/"+strconv.Itoa(i)+"/"+quote(end), b.with(func(b *chunkBase) { b.chunks[i].after = end }).message(), good)
			}
		}
	}
	for _, end := range append(ends, " \r\n", "\t\r\n", "\r0\r\n") {
		s.add(ruleChunkEnd, "final/"+quote(end), b.with(func(b *chunkBase) { b.final = end }).message(), good)
	}
}

// data makes chunks longer and shorter than they say.
func (s *set) data(b chunkBase) {
	good := b.message()
	for i, c := range b.chunks[:len(b.chunks)-1] {
		// Bytes that a lenient reader would skip up to the next line end, and bytes that it would take for the end of the body.
		for _, more := range []string{"X", "XX", "0", "\n", "\r", "\rX", "\n\r\n", "X0\r\n", "0\r\n\r\nGET / HTTP/1.1\r\n\r\n", " ", "\x00", ";"} {
			s.add(ruleData, "longer/"+strconv.Itoa(i)+"/"+quote(more), b.with(func(b *chunkBase) { b.chunks[i].data += more }).message(), good)
		}
		s.add(ruleData, "no-crlf/"+strconv.Itoa(i), b.with(func(b *chunkBase) { b.chunks[i].after = "" }).message(), good)
		s.add(ruleData, "said-more/"+strconv.Itoa(i), b.with(func(b *chunkBase) { b.chunks[i].size = hex(len(c.data) + 1) }).message(), good)
		if len(c.data) > 1 {
			s.add(ruleData, "said-less/"+strconv.Itoa(i), b.with(func(b *chunkBase) { b.chunks[i].size = hex(len(c.data) - 1) }).message(), good)
		}
	}
}

// trailers breaks field lines after the last chunk: those that are there, and new ones before, between and after them.
func (s *set) trailers(b chunkBase) {
	good := b.message()
	for i := 0; i <= len(b.trailer); i++ {
		for _, text := range []string{
			"X-T : v\r\n", "X-T\t: v\r\n", " X-T: v\r\n", "\tX-T: v\r\n", ": v\r\n", "X T: v\r\n", "X-T\r\n", "X-T: a\r\n b\r\n", "X-T: a\x00\r\n", "X-T: a\rX\r\n", "X-T: a\n", "X\x00: v\r\n",
			"X(T): v\r\n", "X-T: \x7f\r\n", "\xc3\xa9: v\r\n", "GET / HTTP/1.1\r\n", "X-T: a\vb\r\n", "X-T: a\x1b\r\n", "\"X\": v\r\n", "X@T: v\r\n", "X/T: v\r\n", "X,T: v\r\n", "X;T: v\r\n", "X=T: v\r\n",
		} {
			broken := b.with(func(b *chunkBase) {
				b.trailer = append(b.trailer[:i:i], append([]field{{end: text}}, b.trailer[i:]...)...)
			})
			s.add(ruleTrailer, "trailer/"+strconv.Itoa(i)+"/"+quote(text), broken.message(), good)
		}
	}
	// And the line ends of those that are there.
	for i := range b.trailer {
		for _, end := range []string{"\n", "\rX", "\r\r\n", "\x00\r\n", "\n\r", "\r \n", "\r\t\r\n"} {
			s.add(ruleTrailer, "trailer-end/"+strconv.Itoa(i)+"/"+quote(end), b.with(func(b *chunkBase) { b.trailer[i].end = end }).message(), good)
		}
	}
}

// hex spells a size.
func hex(n int) string { return strconv.FormatInt(int64(n), 16) }

// replaceN puts the right number where a bad spelling has an N of its own.
func replaceN(spelling, right string) string {
	if spelling == "NaN" {
		return spelling
	}
	return strings.ReplaceAll(spelling, "N", right)
}

// replaceHost puts the host of the place into a bad spelling.
func replaceHost(spelling, host string) string { return strings.ReplaceAll(spelling, "HOST", host) }
