package rpc

import (
	"context"
	"fmt"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// Operation is what a binding says of an operation. It is static data.
type Operation struct {
	Name    string
	Version soap.Version
	// Action is the soapAction; WSAction and OutAction are those of WS-Addressing.
	Action, WSAction, OutAction string
	// Addressing: the binding wants WS-Addressing headers.
	Addressing bool
	// OneWay: no answer comes.
	OneWay bool
	// Body is the element in the request's body, which a Handler finds the operation by; zero: it is told by its action alone.
	Body infoset.Name
	// Headers are the blocks that a Handler of the operation understands.
	Headers []infoset.Name
	Faults  []FaultType
	// HTTP: the operation goes without SOAP; nil with. Parts are then the parts of its request, in order.
	HTTP  *HTTPBinding
	Parts []string
	// AttachedIn and AttachedOut are the parts of request and answer that travel beside the envelope.
	AttachedIn, AttachedOut []string
}

// FaultType is a fault that an operation declares.
type FaultType struct {
	Element infoset.Name // the element in its detail
	Action  string       // of WS-Addressing
	// Read makes the error for a fault, whose detail's element d gives.
	Read func(f *soap.Fault, d *codec.Decoder) (error, error)
}

// Faulter is an error that says which fault it is on the wire. Generated faults are.
type Faulter interface {
	error
	SOAPFault() (*soap.Fault, error)
}

// DetailFault makes a fault with v as its detail. from gives code and reasons; nil is a fault of the receiver with text as its reason.
func DetailFault[T any](from *soap.Fault, text string, doc *codec.Document[T], v T) (*soap.Fault, error) {
	f := soap.NewFault(soap.Receiver, text)
	if from != nil {
		made := *from
		f = &made
	}
	if err := f.SetDetail(func(w infoset.Writer) error { return doc.Write(w, v) }); err != nil {
		return nil, fmt.Errorf("write the detail of a fault: %w", err)
	}
	return f, nil
}

// typedFault gives the declared error of a fault, the fault itself if none fits or its detail cannot be read.
func (o *Operation) typedFault(f *soap.Fault, report func(*codec.Problem)) error {
	for _, e := range f.Entries() {
		for i := range o.Faults {
			t := &o.Faults[i]
			if !e.Name().Same(&t.Element) {
				continue
			}
			r, ok := e.Reader().(scopedReader)
			if !ok {
				return f
			}
			d := codec.NewDecoder(r)
			d.Report = report
			typed, err := t.Read(f, d)
			if err != nil {
				return fmt.Errorf("%w (its detail is not what the description says: %w)", f, err)
			}
			return typed
		}
	}
	return f
}

type scopedReader interface {
	infoset.Reader
	Scope() *infoset.Scope
}

// Call asks for an operation that takes and gives a message.
func Call[In, Out any](ctx context.Context, c *Client, op *Operation, in *codec.Document[In], v In, out *codec.Document[Out], opts ...Option) (Out, error) {
	return CallOut(ctx, c, op, writer(in, v), out, opts...)
}

// CallOut asks for an operation whose request is written by write; nil is an empty body.
func CallOut[Out any](ctx context.Context, c *Client, op *Operation, write func(infoset.Writer) error, out *codec.Document[Out], opts ...Option) (v Out, err error) {
	err = c.Do(ctx, op, write, func(d *codec.Decoder) (err error) {
		v, err = out.Read(d)
		return err
	}, opts...)
	return v, err
}

// CallIn asks for an operation that gives nothing back but that it was done, or one-way not even that.
func CallIn[In any](ctx context.Context, c *Client, op *Operation, in *codec.Document[In], v In, opts ...Option) error {
	return c.Do(ctx, op, writer(in, v), nil, opts...)
}

func writer[T any](doc *codec.Document[T], v T) func(infoset.Writer) error {
	return func(w infoset.Writer) error { return doc.Write(w, v) }
}
