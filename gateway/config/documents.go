package config

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Documents reads the files of the entity's description: at the start and at each reload, whether the list has changed or not.
// The error names the file, not its folder's secrets: a path is no secret.
func (c *Entity) Documents() ([]entity.Document, error) {
	var all []entity.Document
	for _, path := range c.Metadata {
		d, complaint := document(path)
		if complaint != "" {
			return nil, fmt.Errorf("metadata %s: the file %s", path, complaint)
		}
		all = append(all, d)
	}
	return all, nil
}

// document reads one file. The complaint is "" when it could be read; whether it can be served is entity.CheckDocuments' to say.
func document(path string) (d entity.Document, complaint string) {
	text, _, complaint := readFile(path, entity.MaxDocumentBytes)
	return entity.Document{Name: filepath.Base(path), Text: string(text)}, complaint
}

// crossDocuments checks the files that descriptions are made of, so that a reload with a broken one changes nothing.
func (l *loader) crossDocuments(c *Config) {
	for i := range c.Entities {
		path := "entities[" + strconv.Itoa(i) + "].metadata"
		var all []entity.Document
		for n, file := range c.Entities[i].Metadata {
			d, complaint := document(file)
			if complaint != "" {
				at := path + "[" + strconv.Itoa(n) + "]"
				l.at(l.placeOf(at), at, "the file "+complaint)
				continue
			}
			all = append(all, d)
		}
		if len(all) < len(c.Entities[i].Metadata) {
			continue
		}
		if err := entity.CheckDocuments(all); err != nil {
			l.at(l.placeOf(path), path, err.Error())
		}
	}
}
