package desk_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	contract "github.com/causeway-relay/causeway/interop/soap/desk"
	"github.com/causeway-relay/causeway/interop/wsdl/desk"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// client calls all there is of a desk with the generated client and checks each answer.
func client(t *testing.T, c *desk.DeskClient) {
	t.Helper()
	steps := []struct {
		name string
		do   func(*testing.T, *desk.DeskClient) error
	}{
		{"echo", echo}, {"add", add}, {"submit", submit}, {"bytes", blobs}, {"whoami", whoami}, {"faults", faults}, {"notify", notify},
	}
	for _, s := range steps {
		if err := s.do(t, c); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

func echo(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	for _, text := range []xsd.Nillable[string]{xsd.Value(contract.Words), xsd.Value(""), xsd.Nil[string]()} {
		out, err := c.Echo(t.Context(), &desk.Echo{Text: text})
		if err != nil {
			return err
		}
		if out.EchoResult != text {
			return fmt.Errorf("%+v became %+v", text, out.EchoResult)
		}
	}
	return nil
}

func add(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	out, err := c.Add(t.Context(), &desk.Add{A: 2, B: -44})
	if err == nil && out.AddResult != -42 {
		err = fmt.Errorf("the sum is %d", out.AddResult)
	}
	return err
}

func submit(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	out, err := c.Submit(t.Context(), &desk.Submit{Order: sample()})
	if err != nil {
		return err
	}
	want := contract.Sample()
	want.ID++
	if diff := plain(out.SubmitResult).Diff(want); diff != "" {
		return errors.New(diff)
	}
	return nil
}

func blobs(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	for _, size := range []int32{0, 5, 2000} {
		want := contract.Pattern(int(size))
		got, err := c.Blob(t.Context(), &desk.Blob{Size: size})
		if err != nil {
			return err
		}
		if !bytes.Equal(got.BlobResult, want) {
			return fmt.Errorf("blob %d: %x", size, got.BlobResult)
		}
		sum, err := c.Store(t.Context(), &desk.Store{Data: want})
		if err != nil {
			return err
		}
		if int64(sum.StoreResult) != contract.Sum(want) {
			return fmt.Errorf("store %d: %d", size, sum.StoreResult)
		}
	}
	return nil
}

func whoami(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	var receipt string
	out, err := c.Whoami(t.Context(), &desk.Whoami{}, desk.WithTicketHeader(contract.Ticket), desk.ReadReceiptHeader(&receipt))
	if err == nil && (out.WhoamiResult != "holder of "+contract.Ticket || receipt != "r-"+contract.Ticket) {
		err = fmt.Errorf("%q, receipt %q", out.WhoamiResult, receipt)
	}
	return err
}

func faults(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	for kind, code := range map[string]string{"sender": "Client Sender", "receiver": "Server Receiver", "typed": "Client Sender"} {
		_, err := c.Fail(t.Context(), &desk.Fail{Kind: kind})
		fault, ok := errors.AsType[*soap.Fault](err)
		if !ok || !strings.Contains(code, fault.Code.Local) || fault.Reason("en") != kind+" reason" {
			return fmt.Errorf("%s: %w", kind, err)
		}
		oops, ok := errors.AsType[*desk.OopsFault](err)
		if ok != (kind == "typed") || ok && *oops.Detail != (desk.Oops{Code: 7, Detail: "typed detail"}) {
			return fmt.Errorf("%s: detail of %w", kind, err)
		}
	}
	return nil
}

func notify(t *testing.T, c *desk.DeskClient) error {
	t.Helper()
	return c.Notify(t.Context(), &desk.Notify{Text: contract.Words})
}
