package framing

// maxSize is the largest length on the wire, 31 bits; maxInt is how many bytes that takes ([MC-NMF] 2.2.2).
const (
	maxSize = 1<<31 - 1
	maxInt  = 5
)

// AppendInt appends a length: groups of 7 bits, the lowest first. n is 0 to 2^31-1.
func AppendInt(dst []byte, n int) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// Int reads a length and says how many bytes it took. Longer forms than needed are accepted, as by WCF.
func Int(b []byte) (v, n int, err error) {
	for i, c := range b {
		switch {
		case i == maxInt-1 && c > 0x07:
			return 0, 0, errInt
		case c < 0x80:
			return v | int(c)<<(7*i), i + 1, nil
		}
		v |= int(c&0x7f) << (7 * i)
	}
	return 0, 0, ErrShort
}

// AppendText appends a record of a length and a text: Via, ExtensibleEncoding, FaultRecord, UpgradeRequest.
func AppendText(dst []byte, k Kind, text string) []byte {
	dst = AppendInt(append(dst, byte(k)), len(text))
	return append(dst, text...)
}

// AppendFault appends a fault's record.
func AppendFault(dst []byte, f Fault) []byte { return AppendText(dst, FaultRecord, f.URI()) }

// AppendSized appends a message of known length.
func AppendSized(dst, message []byte) []byte {
	dst = AppendInt(append(dst, byte(SizedEnvelope)), len(message))
	return append(dst, message...)
}

// AppendChunk appends a part of an unsized message, whose record begins with the byte of UnsizedEnvelope. An empty chunk
// would end it, so nothing is appended for no bytes; the end is a zero byte.
func AppendChunk(dst, part []byte) []byte {
	if len(part) == 0 {
		return dst
	}
	return append(AppendInt(dst, len(part)), part...)
}
