package http1

// Classes of bytes, from the ABNF of RFC 9110 sections 5.5, 5.6.2 and RFC 9112 section 3.2.
const (
	inToken  uint8 = 1 << iota // tchar: methods, field names, codings
	inValue                    // HTAB, SP, VCHAR, obs-text: field values and reason phrases
	inTarget                   // any byte above SP except DEL and '#'
	inName                     // unreserved of RFC 3986 section 2.3: registered names in an authority
	inHex                      // HEXDIG
	inDigit                    // DIGIT
)

// class holds the classes of each byte. All loops over a peer's bytes ask it and nothing else.
var class = func() (t [256]uint8) {
	for c := range t {
		if c == '\t' || c >= ' ' && c != 0x7f {
			t[c] |= inValue
		}
		if c > ' ' && c != 0x7f && c != '#' {
			t[c] |= inTarget
		}
	}
	mark := func(set string, bits uint8) {
		for i := range len(set) {
			t[set[i]] |= bits
		}
	}
	mark("0123456789", inToken|inName|inHex|inDigit)
	mark("abcdefABCDEF", inHex)
	mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", inToken|inName)
	mark("!#$%&'*+-.^_`|~", inToken)
	mark("-._~", inName)
	return t
}()

// all reports whether every byte of s is in the class; true for an empty s.
func all(s string, bits uint8) bool {
	for i := range len(s) {
		if class[s[i]]&bits == 0 {
			return false
		}
	}
	return true
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool { return s != "" && all(s, inToken) }

// equalFold compares two strings ignoring the case of ASCII letters only: strings.EqualFold also takes U+017F for an 's', and a
// "cloſe" that one hop reads as close is a way to desynchronise two hops.
func equalFold(a, b string) bool { return len(a) == len(b) && sameLetters(a, b) } // most names differ in length

// sameLetters is equalFold for strings of one length.
func sameLetters(a, b string) bool {
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower folds an ASCII letter.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
