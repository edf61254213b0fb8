package entity

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/bridge/convert"
)

// Limits of a conversion's settings: they keep an entity small, as those of documents do.
const (
	MaxOneWay  = 128  // actions of one-way operations
	MaxAction  = 1024 // bytes of an action
	maxService = 2048 // bytes of a service's address: WCF's own limit of a Via
)

// Conversion says what stands behind the listeners of an entity, where that is another WCF binding than what senders speak: then each
// message is converted at the sender's node. What senders speak is told by the door and by each message. The zero value converts nothing.
type Conversion struct {
	Binding string   // what listeners speak, by its name in package convert; "": whatever senders do, which passes as it is
	Address string   // of the service, as messages name it in Via and To; "": the relay's own
	OneWay  []string // actions of operations without an answer, for senders whose messages do not tell; * at the end: all that begin so
}

// On reports whether there is one.
func (c *Conversion) On() bool { return c.Binding != "" }

// From says how messages of a kind of sender become those of the listeners: framed senders are those of net.tcp, all others send SOAP
// over HTTP, of any version that their messages name. nil: what comes passes as it is, because there is no conversion or both are equal.
func (c *Conversion) From(framed bool) *convert.Converter {
	to, ok := convert.Find(c.Binding)
	if !ok {
		return nil
	}
	name := convert.AnySOAP
	if framed {
		name = convert.NetTCP
	}
	from, _ := convert.Find(name)
	if pair := convert.Between(from, to); pair.Same || !pair.Possible {
		return nil
	}
	return &convert.Converter{From: from, To: to, OneWay: c.OneWay}
}

// Equal reports whether two say the same.
func (c *Conversion) Equal(o *Conversion) bool {
	return c.Binding == o.Binding && c.Address == o.Address && slices.Equal(c.OneWay, o.OneWay)
}

// Flaw is one thing that is wrong with a setting: its key, as the API and the file write it, and what to write instead.
type Flaw struct{ Key, Text string }

// Error gives key and text.
func (f *Flaw) Error() string { return f.Key + ": " + f.Text }

// Keys of the conversion's settings.
const (
	keyBinding = "listenerBinding"
	keyAddress = "serviceAddress"
	keyOneWay  = "oneWay"
)

// Check finds everything that is wrong with the conversion of an entity of a kind.
func (c *Conversion) Check(kind Kind) (flaws []Flaw) {
	wrong := func(key, text string) { flaws = append(flaws, Flaw{key, text}) }
	const alone = "belongs to " + keyBinding + ": without a conversion messages pass as they are"
	if !c.On() {
		if c.Address != "" {
			wrong(keyAddress, alone)
		}
		if len(c.OneWay) > 0 {
			wrong(keyOneWay, alone)
		}
		return flaws
	}
	to, ok := convert.Find(c.Binding)
	if !ok {
		wrong(keyBinding, "expected one of "+convert.Names())
		return flaws
	}
	from, _ := convert.Find(convert.AnySOAP)
	switch pair := convert.Between(from, to); {
	case pair.Same:
		wrong(keyBinding, "a service speaks one binding: name it")
	case !pair.Possible:
		wrong(keyBinding, "nothing can become "+to.Name+": "+pair.Reason+"; 'causeway bindings --pairs' lists what can be converted")
	case kind == OneWay || kind == Event:
		wrong(keyBinding, "relays of kind "+string(kind)+" give messages to listeners as they came: have the connector convert them ('causeway listen --as soap'), or use a relay of kind http or nettcp")
	}
	if !c.addressed(&to) {
		scheme := "http"
		if to.Framed {
			scheme = "net.tcp"
		}
		wrong(keyAddress, "expected "+scheme+"://HOST:PORT/PATH, the address of a service of "+to.Name)
	}
	if text := c.actions(); text != "" {
		wrong(keyOneWay, text)
	}
	return flaws
}

// addressed reports whether the address can be one of a service of the binding, or is not given.
func (c *Conversion) addressed(to *convert.Binding) bool {
	if c.Address == "" {
		return true
	}
	u, err := url.Parse(c.Address)
	if err != nil || len(c.Address) > maxService || strings.ContainsFunc(c.Address, blank) {
		return false
	}
	scheme := strings.ToLower(u.Scheme)
	if to.Framed != (scheme == "net.tcp") || !to.Framed && scheme != "http" && scheme != "https" {
		return false
	}
	return u.Hostname() != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// actions says what is wrong with the actions of one-way operations.
func (c *Conversion) actions() string {
	if len(c.OneWay) > MaxOneWay {
		return fmt.Sprintf("%d actions, at most %d are allowed; one that ends with * stands for all that begin so", len(c.OneWay), MaxOneWay)
	}
	for _, action := range c.OneWay {
		if action == "" || len(action) > MaxAction || strings.ContainsFunc(action, blank) {
			return fmt.Sprintf("expected actions of 1 to %d bytes, without spaces", MaxAction)
		}
	}
	return ""
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
