package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/soap/inspect"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// fieldCase is what a field case says.
type fieldCase struct {
	WSDL      string    `json:"wsdl"`
	Operation string    `json:"operation"`
	Messages  []message `json:"messages"`
	Call      string    `json:"call"` // JSON of a request
	CallGives string    `json:"call_gives"`

	// Of the cases about JSON.
	Calls []struct {
		JSON string `json:"json"`
		XML  string `json:"xml"`
	} `json:"calls"`
	Answers []struct {
		XML  string `json:"xml"`
		JSON string `json:"json"`
	} `json:"answers"`
	Refused []struct {
		JSON     string `json:"json"`
		Pointer  string `json:"pointer"`
		Suggests string `json:"suggests"`
	} `json:"refused"`
	Identity []string `json:"identity"`
}

type message struct {
	File  string          `json:"file"`
	Role  string          `json:"role"`
	Valid *bool           `json:"valid"`
	JSON  json.RawMessage `json:"json"`
}

// fill makes the messages and calls of a case about JSON what those of the others are.
func (c *fieldCase) fill(t *testing.T, dir string) {
	if c.WSDL == "" {
		c.WSDL = "service.wsdl"
	}
	for _, a := range c.Answers {
		c.Messages = append(c.Messages, message{File: a.XML, Role: "response", JSON: interop.ReadFile(t, filepath.Join(dir, a.JSON))})
	}
	for _, file := range c.Identity {
		c.Messages = append(c.Messages, message{File: file, Role: "request"})
	}
	for _, call := range c.Calls {
		c.Call, c.CallGives = call.JSON, call.XML
	}
}

// TestFieldCases generates a package for each field case, builds all of them as one program, and lets it read each message strictly and
// write it back: a valid one must come back the same, one that is wrong must be refused.
func TestFieldCases(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(root, "..", "shared", "cases")
	files, _ := filepath.Glob(filepath.Join(shared, "wsdl", "*", "expect.json"))
	about, _ := filepath.Glob(filepath.Join(shared, "json", "*", "expect.json"))
	if files = append(files, about...); len(files) == 0 {
		t.Skip("shared/cases is not beside this checkout")
	}
	work := t.TempDir()
	module := filepath.Join(work, "mod")
	p := &program{module: module}
	cases := map[string]*fieldCase{}
	for i, file := range files {
		var c fieldCase
		if err := json.Unmarshal(interop.ReadFile(t, file), &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		cases[name] = &c
		c.fill(t, dir)
		if err := p.add("c"+strconv.Itoa(i), name, dir, c.WSDL); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, m := range c.Messages {
			interop.WriteFile(t, filepath.Join(work, "samples", name, sampleName(&c, m.Role, m.File)), interop.ReadFile(t, filepath.Join(dir, m.File)))
		}
		for _, call := range c.requests() {
			interop.WriteFile(t, filepath.Join(work, "samples", name, sampleName(&c, "request", call)), interop.ReadFile(t, filepath.Join(dir, call)))
		}
	}
	if err := p.write(); err != nil {
		t.Fatal(err)
	}
	scratchModule(t, root, module)
	harness := filepath.Join(work, "harness")
	goTool(t, module, "vet", "./...")
	goTool(t, module, "build", "-o", harness, ".")
	said, err := exec.CommandContext(t.Context(), harness, filepath.Join(work, "samples"), filepath.Join(work, "results")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for name, c := range cases {
		samples, results := filepath.Join(work, "samples", name), filepath.Join(work, "results", name)
		for _, m := range c.Messages {
			t.Run(name+"/"+m.File, func(t *testing.T) {
				file := sampleName(c, m.Role, m.File)
				compare(t, filepath.Join(samples, file), filepath.Join(results, file), m.Valid == nil || *m.Valid, why(string(said), name+" "+file))
				if m.JSON != nil && string(m.JSON) != "null" && !t.Failed() {
					sameJSON(t, interop.ReadFile(t, filepath.Join(results, file+".json")), m.JSON)
				}
			})
		}
		if c.Call != "" {
			t.Run(name+"/"+c.Call, func(t *testing.T) {
				file := sampleName(c, "request", c.Call)
				sent := interop.ReadFile(t, filepath.Join(results, file+".xml"))
				given := interop.ReadFile(t, filepath.Join(filepath.Dir(files[0]), "..", "..", kindOf(name, files), name, c.CallGives))
				doc, _ := wsdltest.Body(t, given)
				if found, err := inspect.Diff([]byte(doc), sent); err != nil || len(found) > 0 {
					t.Errorf("%v, %v in\n%s", found, err, sent)
				}
			})
		}
		for _, r := range c.Refused {
			t.Run(name+"/"+r.JSON, func(t *testing.T) {
				line := why(string(said), name+" "+sampleName(c, "request", r.JSON))
				if !strings.Contains(line, strconv.Quote(r.Pointer)) || !strings.Contains(line, r.Suggests) {
					t.Errorf("%q does not name %s and %q", line, r.Pointer, r.Suggests)
				}
			})
		}
	}
}

// requests are the JSON documents of a case that are read.
func (c *fieldCase) requests() (all []string) {
	if c.Call != "" {
		all = append(all, c.Call)
	}
	for _, r := range c.Refused {
		all = append(all, r.JSON)
	}
	return all
}

// kindOf is the folder that a case lies in.
func kindOf(name string, files []string) string {
	for _, f := range files {
		if dir := filepath.Dir(f); filepath.Base(dir) == name {
			return filepath.Base(filepath.Dir(dir))
		}
	}
	return ""
}

// sameJSON compares values. An absent member and an empty array are the same, as the cases say.
func sameJSON(t *testing.T, got, want []byte) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(withoutEmpty(w), withoutEmpty(g)); diff != "" {
		t.Errorf("%s\n%s", got, diff)
	}
}

func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if list, ok := member.([]any); ok && len(list) == 0 {
				delete(v, name)
				continue
			}
			v[name] = withoutEmpty(member)
		}
	case []any:
		for i := range v {
			v[i] = withoutEmpty(v[i])
		}
	}
	return v
}

// compare looks at what became of a message.
func compare(t *testing.T, sample, result string, valid bool, said string) {
	t.Helper()
	out, err := os.ReadFile(result)
	switch {
	case !valid && err == nil:
		t.Errorf("a message that the schema refuses was taken, and written as\n%s", out)
	case !valid && said == "":
		t.Error("the message was not looked at")
	case valid && err != nil:
		t.Errorf("not read or not written: %s", said)
	case valid:
		found, err := inspect.Diff(interop.ReadFile(t, sample), out)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found {
			left, right := unquote(d.Left), unquote(d.Right)
			if sameValue(left, right) || strings.HasSuffix(d.Path, "@xsi:nil") && left == "false" && right == "" {
				continue
			}
			t.Errorf("%v in\n%s", d, out)
		}
	}
}

func unquote(s string) string {
	if plain, err := strconv.Unquote(s); err == nil {
		return plain
	}
	return s
}

// sameValue reports whether two texts are one value in two spellings: of numbers, booleans, hex, base64 with line breaks, lists. An
// empty boolean is true here: the only one in the cases has that default.
func sameValue(a, b string) bool {
	a, b = strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " ")
	if a == b || strings.ReplaceAll(a, " ", "") == b || strings.EqualFold(a, b) && strings.Trim(strings.ToLower(a), "0123456789abcdef") == "" {
		return true
	}
	x, xerr := strconv.ParseFloat(a, 64)
	y, yerr := strconv.ParseFloat(b, 64)
	return xerr == nil && yerr == nil && x == y || a == "1" && b == "true" || a == "0" && b == "false" || a == "" && b == "true"
}

// why finds what the harness said of a message.
func why(said, prefix string) string {
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

func sampleName(c *fieldCase, role, file string) string {
	way := "input"
	if role == "response" {
		way = "output"
	}
	return c.Operation + "." + way + "." + file
}

// scratchModule writes a go.mod that finds this project where it is.
func scratchModule(t *testing.T, root, module string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(string(interop.ReadFile(t, filepath.Join(root, "go.mod")))) {
		switch {
		case strings.HasPrefix(line, "module "):
			line = "module scratch\n"
		case strings.HasPrefix(line, "tool "):
			continue
		}
		lines = append(lines, line)
	}
	lines = append(lines, "require github.com/causeway-relay/causeway v0.0.0\nreplace github.com/causeway-relay/causeway => "+root+"\n")
	interop.WriteFile(t, filepath.Join(module, "go.mod"), []byte(strings.Join(lines, "")))
	interop.WriteFile(t, filepath.Join(module, "go.sum"), interop.ReadFile(t, filepath.Join(root, "go.sum")))
}

func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
