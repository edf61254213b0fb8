package bolt

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// packFiles makes the records of an attached description.
func packFiles(documents []entity.Document) []fileRecord {
	var files []fileRecord
	for _, d := range documents {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, d.Text) // a buffer takes everything
		_ = z.Close()
		files = append(files, fileRecord{Name: d.Name, Text: b.Bytes()})
	}
	return files
}

// openFiles reads them again. What is unpacked is bounded as what may be attached: a record is no place for a bomb.
func openFiles(files []fileRecord) ([]entity.Document, error) {
	var documents []entity.Document
	left := int64(entity.MaxDocumentBytes)
	for i := range files {
		z, err := gzip.NewReader(bytes.NewReader(files[i].Text))
		if err != nil {
			return nil, fmt.Errorf("%w: document %q: %w", ErrCorrupt, files[i].Name, err)
		}
		text, err := io.ReadAll(io.LimitReader(z, left+1))
		if err != nil {
			return nil, fmt.Errorf("%w: document %q: %w", ErrCorrupt, files[i].Name, err)
		}
		if left -= int64(len(text)); left < 0 {
			return nil, fmt.Errorf("%w: documents of more than %d bytes", ErrCorrupt, entity.MaxDocumentBytes)
		}
		documents = append(documents, entity.Document{Name: files[i].Name, Text: string(text)})
	}
	return documents, nil
}
