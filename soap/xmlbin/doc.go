// Package xmlbin owns .NET binary XML: a streaming reader and a writer of the
// token model of package infoset ([MC-NBFX]), the static dictionary of SOAP
// ([MC-NBFS]) and the dictionaries that a session builds ([MC-NBFSE]).
//
// Every record is read and written. The writer follows the rules that reproduce
// the bytes of .NET's own writer; where that one depends on the state of its
// buffers this one makes the choice that is always allowed. The package does not
// own message framing (bindings/framing) or envelopes.
//
// The reader is stricter than .NET's in three places, because what it reads may
// become text: names must be names, characters must be ones that XML 1.0 allows,
// and a decimal must be a decimal.
//
// One goroutine uses a Reader, Writer or session at a time; a Dictionary is read
// only and may be shared. Reader and Writer keep their memory over Reset: once
// the names of a vocabulary are known a token allocates nothing.
package xmlbin

//go:generate go test -run TestStaticDictionaryIsGenerated -update .
