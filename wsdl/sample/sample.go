package sample

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// Namespaces of envelopes and what stands in them.
const (
	nsEnvelope11 = "http://schemas.xmlsoap.org/soap/envelope/"
	nsEnvelope12 = "http://www.w3.org/2003/05/soap-envelope"
	nsEncoding12 = "http://www.w3.org/2003/05/soap-encoding"
	nsAddressing = "http://www.w3.org/2005/08/addressing"
	nsUtility    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
)

// typeString is the local name of XML Schema's string.
const typeString = "string"

// Amount is how much of what may be left out is written.
type Amount uint8

// The amounts. Typical writes optional elements once and attributes that must be there; Minimal only what must be there; Full also
// optional attributes, repeated things twice and each branch of a repeated choice in turn.
const (
	Typical Amount = iota
	Minimal
	Full
)

// Options choose what a sample holds.
type Options struct {
	Amount Amount
}

// Sample is what goes over the wire for one operation at one port.
type Sample struct {
	Operation string    `json:"operation"`
	Overload  string    `json:"overload,omitempty"` // the input's name, where several operations have the name
	Service   string    `json:"service,omitempty"`
	Port      string    `json:"port"` // or the binding, where no service has it
	Protocol  string    `json:"protocol"`
	Address   string    `json:"address,omitempty"`
	Request   *Message  `json:"request,omitempty"`  // nil where the service speaks first and alone
	Response  *Message  `json:"response,omitempty"` // nil for one-way operations
	Faults    []Message `json:"faults,omitempty"`
	Notes     []string  `json:"notes,omitempty"` // what could not be honoured, with places
}

// Message is an HTTP message without its first line.
type Message struct {
	Name    string      `json:"name,omitempty"` // of a fault
	Method  string      `json:"method,omitempty"`
	Target  string      `json:"target,omitempty"` // URL of a request
	Status  int         `json:"status,omitempty"` // of a response
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`

	content []*node // what stands in the SOAP body, for tests
}

// Contents gives what stands in the SOAP body, each element as a document of its own, its namespaces declared.
func (m *Message) Contents() []string {
	var all []string
	for _, n := range m.content {
		all = append(all, write(n))
	}
	return all
}

// Error says which part of a description has no finite valid message.
type Error struct {
	Place model.Place
	Text  string
}

// Error gives place and text.
func (e *Error) Error() string { return e.Place.String() + ": " + e.Text }

// failed makes an Error.
func failed(at model.Place, format string, args ...any) error {
	return &Error{at, fmt.Sprintf(format, args...)}
}

// Maker makes samples of one description.
type Maker struct {
	d       *model.Description
	heights *heights

	opts      Options
	encoded   bool // the message is SOAP-encoded
	openTypes map[*model.Type]int
	left      int // elements until only what must be there is written
	steps     int
	ids       int
	notes     []string
}

// New makes the maker of a description's samples.
func New(d *model.Description) *Maker {
	return &Maker{d: d, heights: newHeights(d.Schema)}
}

// ErrNoOperation is wrapped by the error of an operation or port that the description does not have.
var ErrNoOperation = errors.New("the description does not have it")

// Target is an operation at a port.
type Target struct {
	Service *model.Service // nil: no service has the binding
	Port    *model.Port    // likewise
	Binding *model.Binding
	Op      *model.BindingOperation
}

// Targets gives all operations at all ports, those of bindings without a service last, in document order.
func Targets(d *model.Description) []Target {
	var all []Target
	used := map[*model.Binding]bool{}
	for _, s := range d.Services {
		for _, p := range s.Ports {
			used[p.Binding] = true
			for _, op := range p.Binding.Operations {
				all = append(all, Target{s, p, p.Binding, op})
			}
		}
	}
	for _, b := range d.Bindings {
		if used[b] {
			continue
		}
		for _, op := range b.Operations {
			all = append(all, Target{nil, nil, b, op})
		}
	}
	return all
}

// Find gives the operation of a name at a port ("": the first port that has it, SOAP before others). The name of the input tells
// overloads apart: as operation, or behind it with a colon.
func Find(d *model.Description, operation, port string) (Target, error) {
	var found []Target
	var names []string
	for _, t := range Targets(d) {
		if port != "" && t.portName() != port {
			continue
		}
		names = append(names, t.Op.Operation.Name)
		name, input, exact := strings.Cut(operation, ":")
		op := t.Op.Operation
		if op.Name != name && (op.Input == nil || op.Input.Name != operation) || exact && (op.Input == nil || op.Input.Name != input) {
			continue
		}
		if t.Binding.Kind == model.SOAP11 || t.Binding.Kind == model.SOAP12 {
			return t, nil
		}
		found = append(found, t)
	}
	switch {
	case len(found) > 0:
		return found[0], nil
	case len(names) == 0 && port != "":
		return Target{}, fmt.Errorf("port %s: %w: ports are %s", port, ErrNoOperation, strings.Join(portNames(d), ", "))
	case len(names) == 0:
		return Target{}, fmt.Errorf("operation %s: %w: it binds no operation at all", operation, ErrNoOperation)
	}
	return Target{}, fmt.Errorf("operation %s: %w: operations are %s", operation, ErrNoOperation, listed(names))
}

// listed joins names, each once, at most twenty.
func listed(names []string) string {
	var out []string
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	if more := len(out) - 20; more > 0 {
		return strings.Join(out[:20], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(out, ", ")
}

func portNames(d *model.Description) []string {
	var names []string
	for _, t := range Targets(d) {
		names = append(names, t.portName())
	}
	return []string{listed(names)}
}

// portName is how people name the port: as the service does, or as the binding where no service has it.
func (t Target) portName() string {
	if t.Port != nil {
		return t.Port.Name
	}
	return t.Binding.Name.Local
}

// Make makes the sample of an operation.
func (m *Maker) Make(t Target, opts Options) (*Sample, error) {
	m.opts, m.notes = opts, nil
	op := t.Op.Operation
	s := &Sample{Operation: op.Name, Port: t.portName(), Protocol: t.Binding.Kind.String()}
	if t.Port != nil {
		s.Address, s.Service = t.Port.Address, t.Service.Name.Local
	}
	for _, other := range t.Binding.Operations {
		if other != t.Op && other.Operation.Name == op.Name && op.Input != nil {
			s.Overload = op.Input.Name
		}
	}
	var err error
	switch t.Binding.Kind {
	case model.SOAP11, model.SOAP12:
		err = m.soap(s, t)
	case model.HTTPGet, model.HTTPPost:
		err = m.http(s, t)
	default:
		err = failed(t.Binding.Place, "binding %s is neither SOAP nor HTTP: no sample can be made of it", t.Binding.Name.Local)
	}
	if err != nil {
		return nil, fmt.Errorf("operation %s: %w", op.Name, err)
	}
	s.Notes = m.notes
	return s, nil
}

// begin clears what is of one message.
func (m *Maker) begin(encoded bool) {
	m.encoded, m.openTypes, m.left, m.ids, m.steps = encoded, map[*model.Type]int{}, maxElements, 0, 0
}

// note adds what could not be honoured, each thing once.
func (m *Maker) note(at model.Place, format string, args ...any) {
	text := at.String() + ": " + fmt.Sprintf(format, args...)
	if !slices.Contains(m.notes, text) {
		m.notes = append(m.notes, text)
	}
}

// isNCName reports whether a text can be the name of an element (Namespaces in XML, 3): what is not would be markup in a sample.
func isNCName(text string) bool {
	for i, r := range text {
		switch {
		case unicode.IsLetter(r), r == '_':
		case i > 0 && (unicode.IsDigit(r) || r == '-' || r == '.' || r == 0xB7 || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r)):
		default:
			return false
		}
	}
	return text != ""
}

// clip keeps names of a description from filling a screen.
func clip(text string) string {
	if len(text) > 60 {
		return text[:60] + "..."
	}
	return text
}

func nameOr(n model.Name, otherwise string) string {
	if n.IsZero() {
		return otherwise
	}
	return n.String()
}

func itoa(n int) string { return strconv.Itoa(n) }
