package http1

// chunkState is where a decoder stands between two bytes of a chunked body.
type chunkState uint8

const (
	chunkSize0        chunkState = iota // before the first digit of a size
	chunkSize                           // after a digit
	chunkExtGap                         // after blanks behind an extension: only ';' may follow
	chunkExt                            // after ';', before the name
	chunkName                           // in an extension's name
	chunkNameGap                        // after blanks behind the name
	chunkValue0                         // after '=', before the value
	chunkValue                          // in a value that is a token
	chunkQuoted                         // in a quoted string
	chunkPair                           // after a backslash in it
	chunkQuotedEnd                      // after the closing quote
	chunkSizeCR                         // after the CR of a size line
	chunkData                           // in data: not driven by this table
	chunkDataCR                         // after data, CR must follow
	chunkDataLF                         // after that CR
	chunkTrailer                        // at the start of a trailer line or of the final empty line
	chunkTrailerName                    // in a trailer field's name
	chunkTrailerValue                   // in its value
	chunkTrailerCR                      // after the CR of a trailer line
	chunkEndCR                          // after the CR of the final empty line
	chunkDone                           // the body has ended
	chunkBad                            // no such way
	chunkStates       = int(chunkBad)
)

// Classes of bytes that the table tells apart.
const (
	asCtl       = iota // controls but HTAB, CR, LF
	asText             // other VCHAR and obs-text
	asHex              // HEXDIG, a token byte too
	asTok              // other token bytes
	asBlank            // SP, HTAB
	asCR               //
	asLF               //
	asSemicolon        //
	asEquals           //
	asQuote            //
	asBackslash        //
	asColon            //
	byteClasses
)

var chunkClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case class[c]&inHex != 0:
			t[c] = asHex
		case class[c]&inToken != 0:
			t[c] = asTok
		case class[c]&inValue != 0:
			t[c] = asText
		}
	}
	t[' '], t['\t'], t['\r'], t['\n'] = asBlank, asBlank, asCR, asLF
	t[';'], t['='], t['"'], t['\\'], t[':'] = asSemicolon, asEquals, asQuote, asBackslash, asColon
	return t
}()

// way is one row: in state from, a byte of one of these classes leads to state to.
type way struct {
	from    chunkState
	classes []uint8
	to      chunkState
}

var (
	tokens = []uint8{asHex, asTok}
	quoted = []uint8{asHex, asTok, asText, asBlank, asSemicolon, asEquals, asColon}
	values = []uint8{asHex, asTok, asText, asBlank, asSemicolon, asEquals, asColon, asQuote, asBackslash}
	cr, lf = []uint8{asCR}, []uint8{asLF}
	blank  = []uint8{asBlank}
	semi   = []uint8{asSemicolon}
	equals = []uint8{asEquals}
)

// chunkWays is the grammar of RFC 9112 section 7.1; what it does not name is an error. The step from chunkSizeCR goes to data, or to
// the trailer section after a size of zero.
var chunkWays = []way{
	{chunkSize0, []uint8{asHex}, chunkSize},
	{chunkSize, []uint8{asHex}, chunkSize}, {chunkSize, semi, chunkExt}, {chunkSize, cr, chunkSizeCR},
	{chunkExtGap, blank, chunkExtGap}, {chunkExtGap, semi, chunkExt},
	{chunkExt, blank, chunkExt}, {chunkExt, tokens, chunkName},
	{chunkName, tokens, chunkName}, {chunkName, equals, chunkValue0}, {chunkName, semi, chunkExt},
	{chunkName, blank, chunkNameGap}, {chunkName, cr, chunkSizeCR},
	{chunkNameGap, blank, chunkNameGap}, {chunkNameGap, equals, chunkValue0}, {chunkNameGap, semi, chunkExt},
	{chunkValue0, blank, chunkValue0}, {chunkValue0, tokens, chunkValue}, {chunkValue0, []uint8{asQuote}, chunkQuoted},
	{chunkValue, tokens, chunkValue}, {chunkValue, semi, chunkExt}, {chunkValue, blank, chunkExtGap}, {chunkValue, cr, chunkSizeCR},
	{chunkQuoted, quoted, chunkQuoted}, {chunkQuoted, []uint8{asBackslash}, chunkPair}, {chunkQuoted, []uint8{asQuote}, chunkQuotedEnd},
	{chunkPair, values, chunkQuoted},
	{chunkQuotedEnd, semi, chunkExt}, {chunkQuotedEnd, blank, chunkExtGap}, {chunkQuotedEnd, cr, chunkSizeCR},
	{chunkSizeCR, lf, chunkData},
	{chunkDataCR, cr, chunkDataLF},
	{chunkDataLF, lf, chunkSize0},
	{chunkTrailer, tokens, chunkTrailerName}, {chunkTrailer, cr, chunkEndCR},
	{chunkTrailerName, tokens, chunkTrailerName}, {chunkTrailerName, []uint8{asColon}, chunkTrailerValue},
	{chunkTrailerValue, values, chunkTrailerValue}, {chunkTrailerValue, cr, chunkTrailerCR},
	{chunkTrailerCR, lf, chunkTrailer},
	{chunkEndCR, lf, chunkDone},
}

var chunkTable = func() (t [chunkStates][byteClasses]chunkState) {
	for state := range t {
		for c := range t[state] {
			t[state][c] = chunkBad
		}
	}
	for _, w := range chunkWays {
		for _, c := range w.classes {
			t[w.from][c] = w.to
		}
	}
	return t
}()

// chunkFaults is what is said when no way leads on.
var chunkFaults = func() (t [chunkStates]string) {
	for state := range t {
		t[state] = "chunk extension is malformed; leave it out"
	}
	t[chunkSize0] = "chunk size does not start with a hexadecimal digit"
	t[chunkSize] = "chunk size is not hexadecimal digits up to CRLF or a semicolon"
	t[chunkDataCR] = "chunk data is longer than its size says, or CRLF is missing after it"
	for _, state := range []chunkState{chunkSizeCR, chunkDataLF, chunkTrailerCR, chunkEndCR} {
		t[state] = "carriage return without line feed; end lines with CRLF"
	}
	for _, state := range []chunkState{chunkTrailer, chunkTrailerName, chunkTrailerValue} {
		t[state] = "trailer field is malformed; leave it out"
	}
	return t
}()
