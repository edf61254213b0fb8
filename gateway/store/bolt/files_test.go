package bolt

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestFilesRefused: a damaged or swollen description is a corrupt record, and none is read beyond what may be attached.
func TestFilesRefused(t *testing.T) {
	good := packFiles([]entity.Document{{Name: "a.wsdl", Text: strings.Repeat("<a/>", 1000)}})
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 8 { // times what may be attached
		_, _ = z.Write(make([]byte, entity.MaxDocumentBytes))
	}
	must(t, z.Close())
	half := []fileRecord{{Name: "a", Text: packFiles([]entity.Document{{Text: strings.Repeat("x", entity.MaxDocumentBytes/2+1)}})[0].Text}}
	for name, files := range map[string][]fileRecord{
		"no gzip":       {{Name: "a", Text: []byte("<a/>")}},
		"cut":           {{Name: "a", Text: good[0].Text[:len(good[0].Text)-4]}},
		"a bomb":        {{Name: "a", Text: bomb.Bytes()}},
		"many together": {half[0], half[0]},
	} {
		if got, err := openFiles(files); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %d documents, %v", name, len(got), err)
		}
	}
	if got, err := openFiles(good); err != nil || got[0].Text != strings.Repeat("<a/>", 1000) {
		t.Errorf("a good one: %v", err)
	}
}
