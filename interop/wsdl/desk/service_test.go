package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/interop"
	contract "github.com/causeway-relay/causeway/interop/soap/desk"
	"github.com/causeway-relay/causeway/interop/wsdl/desk"
	"github.com/causeway-relay/causeway/rpc"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wssec"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// service is the desk behind the generated server: it checks what it gets and remembers which operations came.
type service struct {
	mu   sync.Mutex
	seen []string
	more chan struct{} // closed when another one came; nil while nobody waits
}

// saw reports whether an operation came and was found right. It waits for it: a client of a one-way message may have ended by then.
func (s *service) saw(op string) bool {
	limit := time.NewTimer(interop.Patience)
	defer limit.Stop()
	for {
		came, more := s.look(op)
		if came {
			return true
		}
		select {
		case <-more:
		case <-limit.C:
			return false
		}
	}
}

func (s *service) look(op string) (came bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more == nil {
		s.more = make(chan struct{})
	}
	return slices.Contains(s.seen, op), s.more
}

func (s *service) came(op string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, op)
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
}

func (s *service) Echo(_ context.Context, in *desk.Echo) (*desk.EchoResponse, error) {
	s.came("Echo")
	return &desk.EchoResponse{EchoResult: in.Text}, nil
}

func (s *service) Add(_ context.Context, in *desk.Add) (*desk.AddResponse, error) {
	s.came("Add")
	return &desk.AddResponse{AddResult: in.A + in.B}, nil
}

func (s *service) Submit(_ context.Context, in *desk.Submit) (*desk.SubmitResponse, error) {
	if diff := plain(in.Order).Diff(contract.Sample()); diff != "" {
		return nil, soap.NewFault(soap.Sender, "not the order: "+diff)
	}
	s.came("Submit")
	in.Order.ID++
	return &desk.SubmitResponse{SubmitResult: in.Order}, nil
}

func (s *service) Blob(_ context.Context, in *desk.Blob) (*desk.BlobResponse, error) {
	s.came("Blob")
	return &desk.BlobResponse{BlobResult: contract.Pattern(int(min(max(in.Size, 0), 1<<20)))}, nil
}

func (s *service) Store(_ context.Context, in *desk.Store) (*desk.StoreResponse, error) {
	s.came("Store")
	return &desk.StoreResponse{StoreResult: int32(contract.Sum(in.Data))}, nil
}

// Fail answers with the fault that was asked for; the typed one is the fault of the description.
func (s *service) Fail(_ context.Context, in *desk.Fail) (*desk.FailResponse, error) {
	s.came("Fail " + in.Kind)
	if in.Kind == "typed" {
		return nil, &desk.OopsFault{Fault: soap.NewFault(soap.Sender, "typed reason"), Detail: &desk.Oops{Code: 7, Detail: "typed detail"}}
	}
	return nil, contract.Fault(in.Kind)
}

// Whoami reads the header of the description, and who the guard in front found the sender to be.
func (s *service) Whoami(ctx context.Context, _ *desk.Whoami) (*desk.WhoamiResponse, error) {
	ticket, ok, err := desk.TicketHeaderFrom(ctx)
	if err != nil || !ok || ticket != contract.Ticket {
		return nil, soap.NewFault(soap.Sender, "no ticket")
	}
	s.came("Whoami")
	who := "holder of " + ticket
	if user, ok := ctx.Value(userKey{}).(string); ok {
		who = "user " + user
	}
	return &desk.WhoamiResponse{WhoamiResult: who}, desk.SetReceiptHeader(ctx, "r-"+ticket)
}

func (s *service) Notify(_ context.Context, in *desk.Notify) error {
	if in.Text != contract.Words {
		return fmt.Errorf("notified of %q", in.Text)
	}
	s.came("Notify")
	return nil
}

// handler is the generated server with the guard in front.
func handler(s *service) http.Handler {
	return guard(desk.NewDeskHandler(s, rpc.HandleStrict(), rpc.HandleUnderstood(wssec.NamespaceSecext, "Security")))
}

type userKey struct{}

// guard checks user name and password of a message that has a security header: a program's own middleware around generated code.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil {
			var user string
			if user, err = userOf(r.Header.Get("Content-Type"), b); user != "" {
				r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		next.ServeHTTP(w, r)
	})
}

// userOf gives the user of a message, "" if it names none.
func userOf(contentType string, b []byte) (string, error) {
	enc, err := encoder.Select(contentType)
	if err != nil || enc.Form != soap.Text {
		return "", err
	}
	m, err := enc.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered()})
	if err != nil {
		return "", err
	}
	h, err := wssec.Find(m, "")
	if err != nil || h == nil {
		return "", err
	}
	sec, err := wssec.Read(h)
	if err == nil && sec.Username == nil {
		err = errors.New("no user name")
	}
	if err == nil {
		err = sec.Username.Check(wssec.NewSecret(contract.Secret), time.Now(), wssec.DefaultSkew)
	}
	if err != nil {
		return "", err
	}
	return sec.Username.Username, nil
}

// plain gives an order of generated types as the contract's own, which can be compared.
func plain(o *desk.Order) *contract.Order {
	out := &contract.Order{
		ID: int64(o.ID), When: o.When.Time(time.UTC), Day: o.Day.Time(time.UTC).Format(time.DateOnly), Amount: o.Amount, Price: o.Price, Big: o.Big,
		Paid: o.Paid, Data: o.Data,
	}
	if note, ok := o.Note.Get(); ok {
		out.Note = &note
	}
	if o.Tags != nil {
		out.Tags = o.Tags.Tag
	}
	for _, item := range o.Item {
		out.Items = append(out.Items, contract.Item{SKU: item.Sku, Qty: int64(item.Qty)})
	}
	return out
}

// sample is the contract's order in generated types.
func sample() *desk.Order {
	o := contract.Sample()
	return &desk.Order{
		ID: int32(o.ID), When: xsd.DateTimeOf(o.When, true), Day: xsd.DateOf(o.When, false), Amount: o.Amount, Price: o.Price, Big: o.Big,
		Paid: o.Paid, Note: xsd.Nil[string](), Data: o.Data, Tags: &desk.Tags{Tag: o.Tags}, Item: []*desk.Item{{Sku: "s1", Qty: 1}, {Sku: "s2", Qty: 2}},
	}
}
