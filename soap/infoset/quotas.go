package infoset

import "math"

// Defaults of the reader quotas, those of WCF (XmlDictionaryReaderQuotas) where
// it has them.
const (
	// DefaultDepth bounds the nesting of elements.
	DefaultDepth = 32
	// DefaultStringContent bounds one run of text, or one attribute value, in
	// bytes of UTF-8 (WCF counts UTF-16 units, which are never more).
	DefaultStringContent = 8192
	// DefaultArrayLength bounds the items of one array and the bytes of one
	// binary value.
	DefaultArrayLength = 16384
	// DefaultBytesPerRead bounds one start tag with its attributes, in bytes.
	DefaultBytesPerRead = 4096
	// DefaultNameTable bounds the distinct names and namespaces, in bytes.
	DefaultNameTable = 16384
	// DefaultAttributes bounds attributes plus declarations of one element. WCF
	// has no such quota (its bound on start tags implies one); this one holds
	// even where the others are taken away, because a two-byte attribute takes
	// over a hundred bytes of memory.
	DefaultAttributes = 1024
	// BufferedDepth is WCF's bound on nesting in buffered messages.
	BufferedDepth = 128
	// Unlimited takes a quota away.
	Unlimited = math.MaxInt32
)

// Quotas bound what a Reader takes from a peer. A field that is zero has its
// default.
type Quotas struct {
	Depth         int
	StringContent int
	ArrayLength   int
	BytesPerRead  int
	NameTable     int
	Attributes    int
}

// Buffered gives the quotas of a message that lies in memory whole, and whose
// size was bounded before: depth 128, the others open, as in WCF's encoders.
func Buffered() Quotas {
	return Quotas{
		Depth: BufferedDepth, StringContent: Unlimited, ArrayLength: Unlimited,
		BytesPerRead: Unlimited, NameTable: Unlimited, Attributes: DefaultAttributes,
	}
}

// Filled gives q with every zero replaced by its default.
func (q Quotas) Filled() Quotas {
	fill := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	fill(&q.Depth, DefaultDepth)
	fill(&q.StringContent, DefaultStringContent)
	fill(&q.ArrayLength, DefaultArrayLength)
	fill(&q.BytesPerRead, DefaultBytesPerRead)
	fill(&q.NameTable, DefaultNameTable)
	fill(&q.Attributes, DefaultAttributes)
	return q
}
