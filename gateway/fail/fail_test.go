package fail_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// declared lists the codes that the source declares, so that the table cannot forget one.
func declared(t *testing.T) (codes []fail.Code) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != "Code" {
			return true
		}
		for i, name := range spec.Names {
			text, err := strconv.Unquote(spec.Values[i].(*ast.BasicLit).Value)
			if err != nil || text != name.Name {
				t.Errorf("the code %s is written %q", name.Name, text)
			}
			codes = append(codes, fail.Code(text))
		}
		return true
	})
	return codes
}

// TestTable: every code once, with a sentence that says what it means and, where a person can act, what to do.
func TestTable(t *testing.T) {
	all := declared(t)
	if len(all) < 30 {
		t.Fatalf("only %d codes were found in the source", len(all))
	}
	table := fail.Table()
	seen := map[fail.Code]bool{}
	for _, row := range table {
		if seen[row.Code] || !slices.Contains(all, row.Code) {
			t.Errorf("%s stands twice in the table, or is not declared", row.Code)
		}
		seen[row.Code] = true
		if !regexp.MustCompile(`^[A-Z].*[^. ]\.$`).MatchString(row.Meaning) {
			t.Errorf("%s means %q: a sentence is wanted", row.Code, row.Meaning)
		}
		switch row.Fault {
		case fail.Sender, fail.Listener, fail.Gateway:
			if row.Do == "" {
				t.Errorf("%s does not say what to do", row.Code)
			}
		case fail.Nobody:
			if row.Retry {
				t.Errorf("%s is an ordinary end: there is nothing to try again", row.Code)
			}
		default:
			t.Errorf("%s is the fault of %q", row.Code, row.Fault)
		}
		if row.Do != "" && !regexp.MustCompile(`^[a-z].*[^. ]$`).MatchString(row.Do) {
			t.Errorf("%s: advice %q stands behind a colon: lower case, no full stop", row.Code, row.Do)
		}
		if row.Code.Info() != row {
			t.Errorf("%s looks up %+v", row.Code, row.Code.Info())
		}
	}
	for _, code := range all {
		if !seen[code] {
			t.Errorf("%s is missing", code)
		}
	}
	if codes := fail.Codes(); len(codes) != len(table) || codes[0] != table[0].Code || codes[len(codes)-1] != table[len(table)-1].Code {
		t.Errorf("%d codes, %d rows", len(codes), len(table))
	}
}

// TestTableIsACopy: nobody changes what is known of a code.
func TestTableIsACopy(t *testing.T) {
	fail.Table()[0].Meaning = "changed"
	if code := fail.Codes()[0]; code.Info().Meaning == "changed" {
		t.Error("the table was changed from outside")
	}
	if got := fail.Code("Nonsense").Info(); got.Code != fail.Internal {
		t.Errorf("an unknown code is %+v", got)
	}
}

// TestText: one line, with what is there and nothing of what is not.
func TestText(t *testing.T) {
	cause := errors.New("connection reset")
	rows := []struct {
		err  *fail.Error
		want string
	}{
		{fail.New(fail.NoListener, "nobody"), "NoListener: nobody"},
		{fail.New(fail.Draining, ""), "Draining: The node is shutting down."},
		{fail.Newf(fail.BadRequest, "part %d", 7), "BadRequest: part 7"},
		{fail.Wrap(fail.NodeLost, "carry", cause), "carry: NodeLost: The node that holds the listener went away.: connection reset"},
		{fail.New(fail.NoListener, "nobody").At("resolve", "hyco", "track"), "resolve: hyco: NoListener: nobody"},
		{&fail.Error{Code: fail.Rejected, Status: 400}, "Rejected"},
	}
	for _, row := range rows {
		if got := row.err.Error(); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
	if got := (&fail.Error{Code: fail.Rejected}).Message(); got != "" {
		t.Errorf("a listener that said nothing said %q", got)
	}
}

// TestAt names what has no name yet, in a copy.
func TestAt(t *testing.T) {
	first := fail.New(fail.Internal, "x")
	named := first.At("offer", "hyco", "one").At("answer", "other", "two")
	if named.Op != "offer" || named.Target != "hyco" || named.Tracking != "one" || named.Text != "x" {
		t.Errorf("%+v", named)
	}
	if first.Op != "" || first.Tracking != "" {
		t.Errorf("the original was changed: %+v", first)
	}
}

// TestFind: codes are found through what wraps them, by errors.Is too.
func TestFind(t *testing.T) {
	cause := errors.New("cause")
	inner := fail.Wrap(fail.ListenerLost, "offer", cause)
	err := fmt.Errorf("road: %w", inner)
	if fail.Of(err) != inner || !fail.Is(err, fail.ListenerLost) || fail.Is(err, fail.Internal) {
		t.Errorf("%v is %+v", err, fail.Of(err))
	}
	if !errors.Is(err, &fail.Error{Code: fail.ListenerLost}) || errors.Is(err, &fail.Error{Code: fail.NodeLost}) || !errors.Is(err, cause) {
		t.Error("errors.Is finds the wrong code or not the cause")
	}
	if errors.Is(err, &fail.Error{Code: fail.ListenerLost, Text: "other"}) {
		t.Error("an error with words of its own is only itself")
	}
	other := fail.Of(cause)
	if other.Code != fail.Internal || !errors.Is(other, cause) || fail.Is(cause, fail.Internal) {
		t.Errorf("an error without a code is %+v", other)
	}
	if fail.Of(nil) != nil || fail.Is(nil, fail.Internal) {
		t.Error("nothing is no failure")
	}
}
