package ir

import "github.com/causeway-relay/causeway/wsdl/model"

// Program is what a back end makes code or documents of.
type Program struct {
	Description *model.Description
	Types       []*Type    // all that operations reach, and what they reach, in document order; with Options.All every global one
	Elements    []*Message // global elements that are messages of nothing: with Options.All only
	Ports       []*Port
	Problems    []model.Problem // of the lowering; those of reading are the description's
}

// Port is an interface at an address: one binding's operations. Where a description has bindings without a service there is one Port
// for each of them, without address.
type Port struct {
	Service    *model.Service // nil: none
	Port       *model.Port    // nil: none
	Binding    *model.Binding
	Assumed    bool // the description has no binding of SOAP or HTTP for the port type; this one is made up
	Operations []*Operation
}

// Operation is what a caller may ask for.
type Operation struct {
	Binding   *model.BindingOperation
	Name      string // the operation's; overloads have the same
	Overload  string // the name of its input where Name alone is not enough, else ""
	Doc       string
	Exchange  model.Exchange
	Style     model.Style
	Action    string
	WSAction  string // for WS-Addressing
	OutAction string
	Input     *Message
	Output    *Message // nil: one-way
	Faults    []*Fault
	Lost      string // why a runtime cannot do it, "" if it can
}

// Message is what stands in a body, and the headers with it.
type Message struct {
	Element  model.Name // the element in the body; zero: the body is empty, or several elements stand in it side by side
	Type     *Type      // of that element; of rpc style and of several parts: a struct made for it, the parts are its fields; nil: an empty body
	Nillable bool
	Encoded  bool // use="encoded"
	Wrapper  bool // the element is made of the operation's name (rpc), no declaration has it
	Headers  []*Header
	// HeaderFaults are blocks that the header of a fault carries: what was wrong with a header of the request.
	HeaderFaults []*Header
	Attached     []*model.MIMEPart
	Source       *model.Message
}

// Header is a header block that a message carries.
type Header struct {
	Name  model.Name
	Part  string
	Type  *Type
	Doc   string
	Place model.Place
}

// Fault is the detail of a fault that an operation declares.
type Fault struct {
	Name    string
	Encoded bool // use="encoded"
	Doc     string
	Action  string
	Element model.Name
	Type    *Type
	Place   model.Place
}
