package wsa

import (
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// TestIdentifier: an identifier is a typed value just where the text of that is the identifier again.
func TestIdentifier(t *testing.T) {
	const usual = "urn:uuid:0123abcd-89ef-4567-89ab-cdef01234567"
	ids := []string{
		"", "urn:uuid:", usual, usual[:len(usual)-1], usual + "0", "urn:guid:" + usual[9:], usual[9:], "urn:uuid:{123abcd-89ef-4567-89ab-cdef0123456}",
		"urn:uuid:0123ABCD-89ef-4567-89ab-cdef01234567", "URN:UUID:" + usual[9:],
	}
	for i := range usual { // each place, with what does and does not stand there elsewhere
		for _, c := range "09afgAG-/:`{ \x00" {
			ids = append(ids, usual[:i]+string(c)+usual[i+1:])
		}
	}
	typed := 0
	for _, id := range ids {
		want := infoset.String(id)
		if g, err := want.AsGUID(); err == nil && infoset.UniqueID(g).String() == id {
			want = infoset.UniqueID(g)
			typed++
		}
		if got := identifier(id); got.Type() != want.Type() || got.String() != id {
			t.Errorf("%q is a %v %q, want a %v", id, got.Type(), got, want.Type())
		}
	}
	if typed < 32 {
		t.Errorf("%d of %d are typed", typed, len(ids))
	}
}
