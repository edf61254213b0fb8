package relays

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// documentsOf reads the files of a description; an empty text is none: the service's own counts. What can be said of them here is said
// here, before anything is asked of a gateway.
func documentsOf(files []string) ([]wire.DocumentChange, error) {
	all := []wire.DocumentChange{}
	var documents []entity.Document
	for _, file := range files {
		if file == "" {
			continue
		}
		text, err := readDocument(file)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(file)
		all = append(all, wire.DocumentChange{Name: &name, Text: &text})
		documents = append(documents, entity.Document{Name: name, Text: text})
	}
	return all, entity.CheckDocuments(documents)
}

// readDocument reads one file, bounded: a pipe may never end.
func readDocument(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, entity.MaxDocumentBytes+1))
	if err != nil {
		return "", err
	}
	if len(b) > entity.MaxDocumentBytes {
		return "", fmt.Errorf("%s: more than %d bytes", file, entity.MaxDocumentBytes)
	}
	return string(b), nil
}

// described tells an attached description in a line.
func described(documents []wire.Document) string {
	if len(documents) == 0 {
		return "the service's"
	}
	var names []string
	for _, d := range documents {
		names = append(names, fmt.Sprintf("%s (%d bytes)", d.Name, d.Size))
	}
	return strings.Join(names, ", ")
}
