package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/inspect"
)

// fieldCase is what a field case says.
type fieldCase struct {
	WSDL      string `json:"wsdl"`
	Operation string `json:"operation"`
	Messages  []struct {
		File  string `json:"file"`
		Role  string `json:"role"`
		Valid *bool  `json:"valid"`
	} `json:"messages"`
}

// TestFieldCases generates a package for each field case, builds all of them as one program, and lets it read each message strictly and
// write it back: a valid one must come back the same, one that is wrong must be refused.
func TestFieldCases(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(root, "..", "shared", "cases", "wsdl")
	files, _ := filepath.Glob(filepath.Join(shared, "*", "expect.json"))
	if len(files) == 0 {
		t.Skip("shared/cases/wsdl is not beside this checkout")
	}
	work := t.TempDir()
	module := filepath.Join(work, "mod")
	p := &program{module: module}
	cases := map[string]*fieldCase{}
	for i, file := range files {
		var c fieldCase
		if err := json.Unmarshal(read(t, file), &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := filepath.Base(filepath.Dir(file))
		cases[name] = &c
		if err := p.add("c"+string(rune('a'+i)), name, filepath.Dir(file), c.WSDL); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, m := range c.Messages {
			write(t, filepath.Join(work, "samples", name, sampleName(&c, m.Role, m.File)), read(t, filepath.Join(filepath.Dir(file), m.File)))
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
		for _, m := range c.Messages {
			t.Run(name+"/"+m.File, func(t *testing.T) {
				file := sampleName(c, m.Role, m.File)
				compare(t, filepath.Join(work, "samples", name, file), filepath.Join(work, "results", name, file), m.Valid == nil || *m.Valid, why(string(said), name+" "+file))
			})
		}
	}
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
		found, err := inspect.Diff(read(t, sample), out)
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
	for line := range strings.Lines(string(read(t, filepath.Join(root, "go.mod")))) {
		switch {
		case strings.HasPrefix(line, "module "):
			line = "module scratch\n"
		case strings.HasPrefix(line, "tool "):
			continue
		}
		lines = append(lines, line)
	}
	lines = append(lines, "require github.com/causeway-relay/causeway v0.0.0\nreplace github.com/causeway-relay/causeway => "+root+"\n")
	write(t, filepath.Join(module, "go.mod"), []byte(strings.Join(lines, "")))
	write(t, filepath.Join(module, "go.sum"), read(t, filepath.Join(root, "go.sum")))
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

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
