package model

// Description is one WSDL with all that it imports. Slices are in document order, the main document's own first.
type Description struct {
	Name      string // of wsdl:definitions
	Target    string // its targetNamespace
	Doc       string
	Files     []*File // the main document first
	Known     []*File // well-known schemas that came with the reader, since something names them
	Services  []*Service
	Bindings  []*Binding
	PortTypes []*PortType
	Messages  []*Message
	Schema    *Schema
	Policies  []*Policy // wsp:Policy with an id, at the top
	Problems  []Problem
	Lost      []Lost
}

// Lost is an operation that a binding offers and that is not in the model, because what it needs cannot be found. The problem that
// says so has the same place.
type Lost struct {
	Binding   string // local name; of a port whose binding is missing the port's name
	Operation string // "" where even the operations are not known
	Why       string
	Place     Place
}

// String gives place, operation and reason.
func (l Lost) String() string {
	what := "operation " + l.Operation + " of binding " + l.Binding
	if l.Operation == "" {
		what = "all operations of " + l.Binding
	}
	return l.Place.String() + ": " + what + ": lost: " + l.Why
}

// Service is a wsdl:service.
type Service struct {
	Name  Name
	Place Place
	Doc   string
	Ports []*Port
}

// Port is an endpoint: a binding at an address.
type Port struct {
	Name     string
	Place    Place
	Doc      string
	Binding  *Binding
	Address  string
	Policies []*Policy
}

// BindingKind is the protocol of a binding.
type BindingKind uint8

// The kinds of bindings. Others (JMS, .NET's own without SOAP) are read as OtherBinding and reported.
const (
	OtherBinding BindingKind = iota
	SOAP11
	SOAP12
	HTTPGet
	HTTPPost
)

// String gives the kind for people.
func (k BindingKind) String() string {
	return [...]string{"other", "SOAP 1.1", "SOAP 1.2", "HTTP GET", "HTTP POST"}[k]
}

// Binding is a wsdl:binding.
type Binding struct {
	Name       Name
	Place      Place
	Doc        string
	Kind       BindingKind
	Transport  string // the URI of soap:binding
	PortType   *PortType
	Operations []*BindingOperation
	Policies   []*Policy
	Addressing bool // wsaw:UsingAddressing or an addressing policy
}

// Style is how a message's parts stand in the body.
type Style uint8

// The styles.
const (
	Document Style = iota
	RPC
)

// String gives the style as WSDL writes it.
func (s Style) String() string { return [...]string{"document", "rpc"}[s] }

// BindingOperation is an operation as a binding sends it.
type BindingOperation struct {
	Place     Place
	Operation *Operation
	Action    string // soapAction
	HasAction bool   // it was given, perhaps as ""
	Style     Style
	Location  string // of HTTP bindings
	Input     *BindingMessage
	Output    *BindingMessage // nil: one-way
	Faults    []*BindingFault
	Policies  []*Policy
}

// BindingMessage is a message as a binding sends it.
type BindingMessage struct {
	Encoded   bool   // use="encoded"
	Encoding  string // encodingStyle
	Namespace string // of the wrapper element, rpc style
	Parts     bool   // the body names its parts
	Body      []*Part
	Headers   []*Header
	MIME      []*MIMEPart // multipart/related: parts beside the body, SwA
	URLForm   string      // of HTTP bindings: urlEncoded, urlReplacement, mimeXml, or a content type
	Policies  []*Policy
}

// Header is a soap:header: a part of any message that travels as a header block.
type Header struct {
	Place     Place
	Message   *Message
	Part      *Part
	Encoded   bool
	Namespace string
	Faults    []*Header
}

// MIMEPart is a part that travels beside the envelope.
type MIMEPart struct {
	Part  *Part
	Types []string // content types, alternatives
}

// BindingFault is a fault as a binding sends it.
type BindingFault struct {
	Fault     *Fault
	Encoded   bool
	Namespace string
}

// PortType is a wsdl:portType.
type PortType struct {
	Name       Name
	Place      Place
	Doc        string
	Operations []*Operation
}

// Exchange is which way an operation's messages go.
type Exchange uint8

// The exchanges of WSDL 1.1, section 2.4.
const (
	RequestResponse Exchange = iota
	OneWay
	SolicitResponse
	Notification
)

// Operation is a wsdl:operation of a port type. Names may repeat: overloads differ in their messages' names.
type Operation struct {
	Name     string
	Place    Place
	Doc      string
	Exchange Exchange
	Order    []string // parameterOrder
	Input    *Param
	Output   *Param
	Faults   []*Fault
	PortType *PortType
}

// Param is the input or output of an operation.
type Param struct {
	Name    string // given or by the default of WSDL 2.4.5
	Place   Place
	Doc     string
	Message *Message
	Action  string // wsaw:Action, wsam:Action, else the default of the addressing binding, 4.4
	Given   bool   // Action was written down
}

// Fault is a wsdl:fault of an operation.
type Fault struct {
	Name    string
	Place   Place
	Doc     string
	Message *Message
	Action  string
	Given   bool
}

// Message is a wsdl:message.
type Message struct {
	Name  Name
	Place Place
	Doc   string
	Parts []*Part
}

// Part is a part of a message: by element, or by type.
type Part struct {
	Name    string
	Place   Place
	Doc     string
	Element *Element
	Type    *Type
}

// Policy is a normalised wsp:Policy: what it asks for, in words that a reader can act on, and the assertions themselves.
type Policy struct {
	ID         string
	Place      Place
	Assertions []Assertion // all alternatives' assertions, in document order
}

// Assertion is one element of a policy.
type Assertion struct {
	Name     Name
	Place    Place
	Optional bool
	Attrs    []PolicyAttr // without those of WS-Policy itself
	Text     string       // white space around it removed
	Nested   []Assertion
}

// PolicyAttr is an attribute of an assertion, as RequireClientCertificate.
type PolicyAttr struct {
	Name  Name
	Value string
}
