package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
)

// Client is our side's client of the contract.
type Client struct {
	URL     string
	Version soap.Version
	MTOM    bool
	Header  http.Header // more headers for HTTP, such as a relay's token
}

// Answer is what came back.
type Answer struct {
	Status    int
	Message   *soap.Message
	Result    soap.Element // the element in the body
	Multipart bool
}

// Call calls an operation. A fault comes as *soap.Fault, with the answer beside it.
func (c *Client) Call(ctx context.Context, op string, headers []*soap.Header, parameters func(infoset.Writer)) (*Answer, error) {
	m := soap.New(c.Version)
	m.Headers = headers
	m.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Space: Namespace, Local: op})
		parameters(w)
		w.End()
		return w.Err()
	})
	var body bytes.Buffer
	action := Namespace + "/" + op
	inType := action
	if c.Version == soap.V11 {
		inType = "" // it has a header of its own
	}
	contentType, err := encode(&body, m, c.MTOM, inType)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, &body)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	maps.Copy(req.Header, c.Header)
	req.Header.Set("Content-Type", contentType)
	if c.Version == soap.V11 {
		req.Header.Set("SOAPAction", soap.QuoteAction(action))
	}
	if c.MTOM {
		req.Header.Set("MIME-Version", "1.0")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", op, err)
	}
	defer resp.Body.Close()
	return c.read(resp)
}

// read reads the answer; nothing but a one-way call may be answered with an empty body.
func (c *Client) read(resp *http.Response) (*Answer, error) {
	a := &Answer{Status: resp.StatusCode}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if len(raw) == 0 {
		return a, nil
	}
	enc, err := encoder.Select(resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("status %d, %q: %w", resp.StatusCode, raw, err)
	}
	a.Multipart = enc.Form == soap.Multipart
	a.Message, err = enc.Decode(bytes.NewReader(raw), encoder.Decoding{Quotas: infoset.Buffered(), Multipart: mtom.Opener{}})
	if err == nil {
		err = a.Message.Buffer(0)
	}
	if err != nil {
		return nil, fmt.Errorf("answer %q: %w", raw, err)
	}
	if a.Message.Version != c.Version {
		return nil, fmt.Errorf("asked in %v, answered in %v: %q", c.Version, a.Message.Version, raw)
	}
	if f, err := a.Message.Fault(); err != nil {
		return nil, fmt.Errorf("fault %q: %w", raw, err)
	} else if f != nil {
		return a, f
	}
	a.Result, err = first(a.Message)
	return a, err
}

// Story calls all there is of a service and checks each answer. It tells each step with what was wrong, nil if nothing was.
func (c *Client) Story(ctx context.Context, tell func(step string, err error)) {
	words, empty := Words, ""
	for _, echo := range []struct {
		name string
		text *string
	}{{"words", &words}, {"empty", &empty}, {"nil", nil}} {
		tell("echo "+echo.name, c.echo(ctx, echo.text))
	}
	tell("add", c.add(ctx))
	tell("submit", c.submit(ctx))
	for _, size := range []int{0, 5, 2000} {
		tell(fmt.Sprintf("blob %d", size), c.blob(ctx, size))
		tell(fmt.Sprintf("store %d", size), c.store(ctx, size))
	}
	tell("whoami", c.whoami(ctx))
	for _, kind := range []string{"sender", "receiver", "typed"} {
		tell("fault "+kind, c.fail(ctx, kind))
	}
	tell("notify", c.notify(ctx))
}

func (c *Client) echo(ctx context.Context, s *string) error {
	a, err := c.Call(ctx, "Echo", nil, func(w infoset.Writer) { optional(w, "text", s) })
	if err != nil {
		return err
	}
	f := fieldsOf(a.Result)
	if got := f.text("EchoResult"); f.err == nil && ((got == nil) != (s == nil) || got != nil && *got != *s) {
		return fmt.Errorf("got %s, want %s", show(got), show(s))
	}
	return f.err
}

func (c *Client) add(ctx context.Context) error {
	a, err := c.Call(ctx, "Add", nil, func(w infoset.Writer) {
		text(w, "a", infoset.Int(2))
		text(w, "b", infoset.Int(-44))
	})
	return c.number(a, err, "AddResult", -42)
}

func (c *Client) store(ctx context.Context, size int) error {
	a, err := c.Call(ctx, "Store", nil, func(w infoset.Writer) { text(w, "data", infoset.Bytes(Pattern(size))) })
	return c.number(a, err, "StoreResult", Sum(Pattern(size)))
}

// number checks an answer that is a number.
func (c *Client) number(a *Answer, err error, local string, want int64) error {
	if err != nil {
		return err
	}
	f := fieldsOf(a.Result)
	if got := f.number(local); f.err == nil && got != want {
		return fmt.Errorf("got %d, want %d", got, want)
	}
	return f.err
}

func (c *Client) submit(ctx context.Context) error {
	a, err := c.Call(ctx, "Submit", nil, func(w infoset.Writer) { Sample().write(w, "order") })
	if err != nil {
		return err
	}
	f := fieldsOf(a.Result)
	o, err := readOrder(f.one("SubmitResult"))
	if err = errors.Join(f.err, err); err != nil {
		return err
	}
	want := Sample()
	want.ID++
	if diff := o.Diff(want); diff != "" {
		return errors.New(diff)
	}
	return nil
}

func (c *Client) blob(ctx context.Context, size int) error {
	a, err := c.Call(ctx, "Blob", nil, func(w infoset.Writer) { text(w, "size", infoset.Int(int64(size))) })
	if err != nil {
		return err
	}
	f := fieldsOf(a.Result)
	switch got := f.bytes("BlobResult"); {
	case f.err != nil:
		return f.err
	case !bytes.Equal(got, Pattern(size)):
		return fmt.Errorf("got %x", got)
	case c.MTOM && !a.Multipart:
		return errors.New("asked in MTOM, answered in text")
	}
	return nil
}

func (c *Client) whoami(ctx context.Context) error {
	ticket := soap.TextHeader(infoset.Name{Prefix: "d", Space: Namespace, Local: "Ticket"}, infoset.String(Ticket))
	ticket.MustUnderstand = true
	a, err := c.Call(ctx, "Whoami", []*soap.Header{ticket}, func(infoset.Writer) {})
	if err != nil {
		return err
	}
	f := fieldsOf(a.Result)
	if got := f.text("WhoamiResult"); f.err == nil && (got == nil || *got != "holder of "+Ticket) {
		return fmt.Errorf("got %s", show(got))
	}
	if h := a.Message.Find(Namespace, "Receipt"); h == nil || h.Text() != "r-"+Ticket {
		return errors.New("no receipt in the header")
	}
	return f.err
}

func (c *Client) notify(ctx context.Context) error {
	a, err := c.Call(ctx, "Notify", nil, func(w infoset.Writer) { text(w, "text", infoset.String(Words)) })
	if err == nil && a.Status/100 != 2 {
		err = fmt.Errorf("status %d", a.Status)
	}
	return err
}

// fail asks for a fault and checks its code, reason, detail and status.
func (c *Client) fail(ctx context.Context, kind string) error {
	a, err := c.Call(ctx, "Fail", nil, func(w infoset.Writer) { text(w, "kind", infoset.String(kind)) })
	got, ok := errors.AsType[*soap.Fault](err)
	if !ok {
		return fmt.Errorf("no fault but %w", err)
	}
	want := Fault(kind)
	if got.Code.Local != want.Code.Local || got.Code.Space != want.Code.Space || got.Reason("en") != want.Reason("en") {
		return fmt.Errorf("got %w of code %v", got, got.Code)
	}
	// 400 is what SOAP 1.2 part 2, 7.5.2.2 has for a sender's fault; most say 500 here, too.
	if a.Status != soap.StatusFault && (a.Status != http.StatusBadRequest || c.Version != soap.V12 || kind == "receiver") {
		return fmt.Errorf("status %d", a.Status)
	}
	for _, e := range got.Entries() {
		if f := fieldsOf(e); e.Name().Is(Namespace, "Oops") && f.number("Code") == 7 && *f.text("Detail") == "typed detail" && f.err == nil {
			return nil
		}
	}
	if kind == "typed" {
		return fmt.Errorf("no detail in %w", got)
	}
	return nil
}

func show(s *string) string {
	if s == nil {
		return "nil"
	}
	return fmt.Sprintf("%q", *s)
}
