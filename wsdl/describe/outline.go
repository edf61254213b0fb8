package describe

// Outline is a description in words. Names are written {namespace}local, or local alone without a namespace; xs:NAME is a built-in type
// of XML Schema. Empty and false members are left out of JSON.
type Outline struct {
	Name       string      `json:"name,omitempty"`
	Namespace  string      `json:"namespace"`
	Doc        string      `json:"doc,omitempty"`
	Files      []File      `json:"files"` // the main one first
	Services   []Service   `json:"services"`
	Bindings   []Port      `json:"bindings,omitempty"` // those that no service has; Name is the binding's
	Elements   []Element   `json:"elements,omitempty"` // global ones, sorted
	Types      []Type      `json:"types,omitempty"`    // global ones, sorted
	Groups     []Group     `json:"groups,omitempty"`   // sorted
	Attributes []Attribute `json:"attributes,omitempty"`
}

// File is a document that was read.
type File struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Kind      string `json:"kind"` // wsdl or schema
}

// Service is a wsdl:service.
type Service struct {
	Name  string `json:"name"`
	Doc   string `json:"doc,omitempty"`
	Ports []Port `json:"ports"`
}

// Port is a binding, at an address if a service has it.
type Port struct {
	Name       string      `json:"name"`
	Doc        string      `json:"doc,omitempty"`
	Address    string      `json:"address,omitempty"`
	Binding    string      `json:"binding"`
	PortType   string      `json:"portType"`
	Protocol   string      `json:"protocol"`            // SOAP 1.1, SOAP 1.2, HTTP GET, HTTP POST, other
	Transport  string      `json:"transport,omitempty"` // URI; of SOAP bindings
	Addressing bool        `json:"addressing,omitempty"`
	Policies   []string    `json:"policies,omitempty"` // what callers must do, in words
	Operations []Operation `json:"operations"`
}

// Operation is what a caller may ask for.
type Operation struct {
	Name      string    `json:"name"`
	Doc       string    `json:"doc,omitempty"`
	Exchange  string    `json:"exchange"`           // request-response, one-way, solicit-response, notification
	Style     string    `json:"style"`              // document, rpc
	Use       string    `json:"use"`                // literal, encoded
	Action    string    `json:"action,omitempty"`   // soapAction
	Location  string    `json:"location,omitempty"` // of HTTP bindings
	Policies  []string  `json:"policies,omitempty"`
	Input     *Message  `json:"input,omitempty"`
	Output    *Message  `json:"output,omitempty"`
	Faults    []Message `json:"faults,omitempty"`
	Parameter []string  `json:"parameterOrder,omitempty"`
}

// Message is what is sent one way.
type Message struct {
	Name     string   `json:"name"`                // of the input, output or fault
	Message  string   `json:"message"`             // the wsdl:message
	Action   string   `json:"wsaAction,omitempty"` // of WS-Addressing, given or by default
	Wrapper  string   `json:"wrapper,omitempty"`   // the element around the parts; rpc style
	Parts    []Part   `json:"parts"`               // in the body
	Headers  []Part   `json:"headers,omitempty"`
	Attached []Part   `json:"attached,omitempty"` // beside the envelope
	Form     string   `json:"form,omitempty"`     // of HTTP bindings
	Policies []string `json:"policies,omitempty"`
}

// Part is a part of a message: an element or a type.
type Part struct {
	Name    string   `json:"name"`
	Element string   `json:"element,omitempty"`
	Type    string   `json:"type,omitempty"`
	Media   []string `json:"media,omitempty"` // of attached ones: alternatives
}

// Element is an element, global or in a content model. Its type has a name, or stands here.
type Element struct {
	Name      string  `json:"name"`
	Doc       string  `json:"doc,omitempty"`
	Type      string  `json:"type,omitempty"`
	Anonymous *Type   `json:"anonymous,omitempty"`
	Nillable  bool    `json:"nillable,omitempty"`
	Abstract  bool    `json:"abstract,omitempty"`
	Default   *string `json:"default,omitempty"`
	Fixed     *string `json:"fixed,omitempty"`
	Head      string  `json:"substitutes,omitempty"` // the element that it may stand in place of
}

// Type is a simple or complex type.
type Type struct {
	Name       string            `json:"name,omitempty"`
	Doc        string            `json:"doc,omitempty"`
	Kind       string            `json:"kind"` // simple, complex
	Abstract   bool              `json:"abstract,omitempty"`
	Mixed      bool              `json:"mixed,omitempty"`
	Base       string            `json:"base,omitempty"`
	Derivation string            `json:"derivation,omitempty"` // extension, restriction, list, union
	Original   *Type             `json:"original,omitempty"`   // the base, if it has no name
	Members    []string          `json:"members,omitempty"`    // of a union; of a list its one item
	Anonymous  []Type            `json:"anonymousMembers,omitempty"`
	Enum       []string          `json:"enum,omitempty"`
	Facets     map[string]string `json:"facets,omitempty"` // by the names of XML Schema
	Text       *Type             `json:"text,omitempty"`   // of simple content that is restricted: what its text may be
	Content    *Particle         `json:"content,omitempty"`
	Attributes []Attribute       `json:"attributes,omitempty"`
	Wildcard   *Wildcard         `json:"anyAttribute,omitempty"`
	ArrayOf    string            `json:"arrayOf,omitempty"` // of SOAP encoding's arrays
	Dimensions int               `json:"dimensions,omitempty"`
}

// Particle is a place in a content model. Min and Max are always there; Max is -1 for unbounded.
type Particle struct {
	Kind     string     `json:"kind"` // sequence, choice, all, group, element, any
	Min      int        `json:"min"`
	Max      int        `json:"max"`
	Element  *Element   `json:"element,omitempty"` // a local one
	Ref      string     `json:"ref,omitempty"`     // a global element, or a group
	Wildcard *Wildcard  `json:"any,omitempty"`
	Items    []Particle `json:"items,omitempty"`
}

// Attribute is an attribute, as a type uses it or global.
type Attribute struct {
	Name       string  `json:"name"`
	Doc        string  `json:"doc,omitempty"`
	Type       string  `json:"type,omitempty"`
	Anonymous  *Type   `json:"anonymous,omitempty"`
	Required   bool    `json:"required,omitempty"`
	Prohibited bool    `json:"prohibited,omitempty"`
	Default    *string `json:"default,omitempty"`
	Fixed      *string `json:"fixed,omitempty"`
	ArrayType  string  `json:"arrayType,omitempty"`
}

// Group is a named model group.
type Group struct {
	Name    string    `json:"name"`
	Content *Particle `json:"content,omitempty"`
}

// Wildcard is xs:any or xs:anyAttribute.
type Wildcard struct {
	Namespaces []string `json:"namespaces"`
	Process    string   `json:"process"`
}
