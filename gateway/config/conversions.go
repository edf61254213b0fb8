package config

import (
	"strconv"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Conversion gives what is said of a conversion as an entity has it.
func (c *Entity) Conversion() entity.Conversion {
	return entity.Conversion{Binding: c.ListenerBinding, Address: c.ServiceAddress, OneWay: c.OneWay}
}

// crossConversions checks that what entities say of conversions fits together and can be done, so that a reload with one that cannot
// changes nothing.
func (l *loader) crossConversions(c *Config) {
	for i := range c.Entities {
		e := &c.Entities[i]
		said := e.Conversion()
		for _, flaw := range said.Check(entity.Kind(e.Kind)) {
			at := join("entities["+strconv.Itoa(i)+"]", flaw.Key)
			l.at(l.placeOf(at), at, flaw.Text)
		}
	}
}
