package config

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const planted = "cGxhbnRlZC1zZWNyZXQ="

func TestSecretIsNeverPrinted(t *testing.T) {
	c := Default()
	c.Rules = []Rule{{Name: "a", PrimaryKey: NewSecret(planted), SecondaryKey: NewSecret(planted)}}
	s := c.Rules[0].PrimaryKey
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", s, &s, c)
	}
	fmt.Fprintln(&out, s, s.String(), s.GoString(), c.Rules)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", slog.Any("secret", s), slog.Any("config", c))
	}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		b, err := encode(c)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	b, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"rule"`
		Key     Secret   `xml:"key"`
		Attr    Secret   `xml:"attr,attr"`
	}{Key: s, Attr: s})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	// In hexadecimal too: %x of a string would.
	for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("%X", planted)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret was printed: %s", out.String())
		}
	}
	if got := s.Reveal(); got != planted {
		t.Errorf("Reveal gave %q", got)
	}
	if s.IsZero() || !(Secret{}).IsZero() || s.Equal(NewSecret("x")) || !s.Equal(NewSecret(planted)) {
		t.Error("comparison of secrets is wrong")
	}
}

// TestProblemsHoldNoValue puts a secret into every place a value or a stray text can have, and looks for it in the
// problems and in their JSON.
func TestProblemsHoldNoValue(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte(planted+" "+planted), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{
		"rules: [{name: a, rights: [Send], primaryKey: '" + planted + " x'}]\n",
		"rules: [{name: a, rights: [Send], primaryKey: 'file:" + dir + "/key'}]\n",
		"rules: [{name: a, rights: [Send], primaryKey: 'file:" + planted + "'}]\n",
		"rules: [{name: a, rights: [Send], primaryKey: 'env:" + planted + "'}]\n",
		"rules: [{name: a, rights: [Send], primaryKey: 'env:KEY'}]\n",
		"rules: [{name: a, rights: [Send], primaryKey: [" + planted + "]}]\n",
		"rules: [{name: a, rights: [Send], primaryKey: {" + planted + ": 1}}]\n",
		"rules: [{name: a, rights: [Send], primarykey: " + planted + "}]\n",
		"rules: [{name: a, rights: [" + planted + "]}]\n",
		"rules: [{name: '" + planted + "', rights: [Send]}]\n",
		"rules: [" + planted + "]\n",
		"rules: " + planted + "\n",
		"rules:\n  - name: a\n    primaryKey:" + planted + "\n    rights: [Send]\n",
		"rules:\n  - name: a\n    primaryKey:" + planted + "\n",
		"rules:\n  - name: a\n    " + planted + ": x\n",
		"rules:\n  - name: a\n    primaryKey: *" + planted + "\n",
		"rules:\n  - name: a\n    primaryKey: &" + planted + " x\n",
		"rules:\n  - name: a\n    primaryKey: !" + planted + " x\n",
		"rules:\n  - name: a\n    primaryKey: \"" + planted + "\\q\"\n",
		"rules:\n  - name: a\n    primaryKey: '" + planted + "\n",
		"rules:\n\t- primaryKey: " + planted + "\n",
		planted, planted + ": a\n", "%" + planted + "\n---\n", "- " + planted + "\n", "host: a\n---\n" + planted + "\n",
		"tls: {cert: " + planted + ", key: " + planted + "}\n",
	}
	tree().each(func(s *setting) {
		if s.class != nil && !strings.Contains(s.path, "[]") {
			parts := strings.Split(s.path, ".")
			files = append(files, strings.Join(parts, ": {")+": '"+planted+" \u0001'"+strings.Repeat("}", len(parts)-1)+"\n")
		}
	})
	for _, text := range files {
		path := filepath.Join(dir, "causeway.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		env, flags := []string{"KEY=" + planted + " " + planted}, map[string]string{"advertise": planted + "," + planted + "=" + planted}
		for p, s := range scalars() {
			env = append(env, s.env()+"="+planted+" x")
			flags[p] = planted + " x"
		}
		_, problems := Load(Params{File: path, Env: env, Flags: flags})
		out, err := json.Marshal(problems)
		if err != nil {
			t.Fatal(err)
		}
		if problems.Err() == nil || strings.Contains(problems.Error()+string(out), planted) {
			t.Errorf("%q gave\n%s", text, problems)
		}
	}
}
