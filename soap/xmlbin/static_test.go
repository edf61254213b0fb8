package xmlbin

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write generated files anew")

// TestStaticDictionaryIsGenerated makes static.go from nbfs.tsv and compares:
// generating again leaves no difference. With -update it writes the file.
func TestStaticDictionaryIsGenerated(t *testing.T) {
	table, err := os.ReadFile("nbfs.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want := generateStatic(t, string(table))
	if *update {
		if err := os.WriteFile("static.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("static.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("static.go is not what nbfs.tsv makes: run go generate ./soap/xmlbin")
	}
}

func generateStatic(t *testing.T, table string) []byte {
	var b bytes.Buffer
	b.WriteString("// Code generated from nbfs.tsv by go generate. DO NOT EDIT.\n\npackage xmlbin\n\n")
	lines := strings.Split(strings.TrimRight(table, "\n"), "\n")
	fmt.Fprintf(&b, "// staticStrings are the strings of [MC-NBFS] 2.2; the id of each is twice its place.\nvar staticStrings = [...]string{\n")
	for i, line := range lines {
		id, word, ok := strings.Cut(line, "\t")
		if n, err := strconv.Atoi(id); !ok || err != nil || n != 2*i {
			t.Fatalf("nbfs.tsv:%d: id %q, want %d", i+1, id, 2*i)
		}
		fmt.Fprintf(&b, "\t%d: %q,\n", i, word)
	}
	b.WriteString("}\n")
	src, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestStaticDictionary(t *testing.T) {
	d := Static()
	for _, tt := range []struct {
		id   uint32
		want string
	}{
		{0, "mustUnderstand"}, {2, "Envelope"}, {4, "http://www.w3.org/2003/05/soap-envelope"},
		{20, "http://www.w3.org/2005/08/addressing/anonymous"},
		{424, " http://schemas.xmlsoap.org/ws/2005/02/trust/tlsnego"}, // the space is part of it
		{972, "detail"},
	} {
		if got, ok := d.String(tt.id); !ok || got != tt.want {
			t.Errorf("String(%d) = %q, %v, want %q", tt.id, got, ok, tt.want)
		}
		if got, ok := d.ID(tt.want); !ok || got != tt.id {
			t.Errorf("ID(%q) = %d, %v, want %d", tt.want, got, ok, tt.id)
		}
	}
	for _, id := range []uint32{1, 3, 974, 1 << 30} {
		if s, ok := d.String(id); ok {
			t.Errorf("String(%d) = %q, want none", id, s)
		}
	}
}
