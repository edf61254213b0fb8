package stacks

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// job is one message of one operation, as the programs are told of it.
type job struct {
	Case    string `json:"case"`
	WSDL    string `json:"wsdl"` // file
	Service string `json:"service"`
	Port    string `json:"port"`
	Op      string `json:"op"`
	Way     string `json:"way"`  // input or output
	Name    string `json:"name"` // of its files: what the harness looks for
	Version string `json:"version"`
}

// perCase is how many operations of a service take part, so that a big one does not take the time of all.
const perCase = 3

// odd is what file names have an underscore for, as the harness wants it.
var odd = regexp.MustCompile(`[^0-9A-Za-z_\p{L}]`)

// story is one run.
type story struct {
	root, corpus, work string
	jobs               []job
	descriptions       map[string]*model.Description
	said               map[string]string // what a program said is wrong with a message, by case and name
	same               map[string]bool   // those that zeep read the same before and after
}

// TestMessages: for each service, requests and responses of zeep and of npm's soap are read strictly by generated Go and written back,
// what was written is valid by the schemas, and zeep reads the same values in it. What is not so is listed with its reason.
func TestMessages(t *testing.T) {
	t.Parallel()
	interop.Need(t, "zeep", "nodesoap", "xmllint")
	s := &story{root: interop.Root(t), work: t.TempDir(), descriptions: map[string]*model.Description{}, said: map[string]string{}, same: map[string]bool{}}
	names := services
	if s.corpus = corpus(s.root); s.corpus == "" {
		s.corpus = filepath.Join(s.root, "interop", "wsdl", "stacks", "testdata")
		names = vendored
		t.Logf("SKIPPED %d of %d services: the corpus is not beside this checkout", len(services)-len(vendored), len(services))
	}
	for _, name := range names {
		s.seed(t, name)
	}
	s.program(t, "zeep", interop.Python(t, "zeep"), "zeep_messages.py", "make", s.work)
	s.program(t, "soap", "node", "node_messages.js", s.work)
	s.harness(t)
	s.program(t, "zeep", interop.Python(t, "zeep"), "zeep_messages.py", "judge", s.work)
	s.judge(t, names)
}

// corpus is the folder of the whole corpus, "" where it is not beside the checkout.
func corpus(root string) string {
	dir := filepath.Join(filepath.Dir(root), "shared", "wsdl-corpus")
	if shared := os.Getenv("SHARED"); shared != "" {
		dir = filepath.Join(shared, "wsdl-corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "INDEX.tsv")); err != nil {
		return ""
	}
	return dir
}

// seed writes the values of messages of a service, as samples, and the jobs to do with them.
func (s *story) seed(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join(s.corpus, filepath.FromSlash(name))
	main := s.main(t, name)
	d, err := load.Load(wsdltest.Folder(dir), main, load.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	s.descriptions[name] = d
	interop.WriteFile(t, filepath.Join(s.work, "samples", name, "ops.json"), []byte("[]")) // the harness takes the cases that have one
	maker, port, made := sample.New(d), "", 0
	for _, target := range sample.Targets(d) {
		kind := target.Binding.Kind
		if kind != model.SOAP11 && kind != model.SOAP12 || target.Port == nil || port != "" && port != target.Port.Name || made == perCase {
			continue
		}
		out, err := maker.Make(target, sample.Options{Amount: sample.Full})
		if err != nil || out.Overload != "" {
			continue
		}
		port = target.Port.Name
		made++
		for way, m := range map[string]*sample.Message{"input": out.Request, "output": out.Response} {
			if m == nil || len(m.Contents()) == 0 {
				continue // an empty body has no type
			}
			j := job{name, filepath.Join(dir, main), target.Service.Name.Local, port, out.Operation, way, odd.ReplaceAllString(out.Operation, "_") + "." + way, "1.1"}
			if kind == model.SOAP12 {
				j.Version = "1.2"
			}
			s.jobs = append(s.jobs, j)
			interop.WriteFile(t, filepath.Join(s.work, "seeds", name, j.Name+".xml"), []byte(m.Body))
		}
	}
	if made == 0 {
		t.Errorf("%s: no messages", name)
	}
	list, err := json.Marshal(s.jobs)
	if err != nil {
		t.Fatal(err)
	}
	interop.WriteFile(t, filepath.Join(s.work, "jobs.json"), list)
}

// main finds the main file of a case in the index.
func (s *story) main(t *testing.T, name string) string {
	t.Helper()
	all, err := wsdltest.Index(s.corpus)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c wsdltest.Case) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("%s is not in the index", name)
	}
	return all[i].Main
}

// program runs one that makes or reads messages, and keeps what it said of each.
func (s *story) program(t *testing.T, what, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(s.root, "interop", "soap", "peers", "node", "node_modules"), "PYTHONDONTWRITEBYTECODE=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", what, err, out, stderr.String())
	}
	s.hear(string(out))
}

func (s *story) hear(out string) {
	for line := range strings.Lines(out) {
		about, text, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case !ok:
		case text == "same":
			s.same[about] = true
		default:
			s.said[strings.TrimSuffix(about, ".xml")] = text
		}
	}
}

// harness generates Go for all services, builds it as one program, and lets it read and write every message.
func (s *story) harness(t *testing.T) {
	t.Helper()
	module := filepath.Join(s.work, "mod")
	var mod strings.Builder
	for line := range strings.Lines(string(interop.ReadFile(t, filepath.Join(s.root, "go.mod")))) {
		switch {
		case strings.HasPrefix(line, "module "):
			mod.WriteString("module scratch\n")
		case !strings.HasPrefix(line, "tool "):
			mod.WriteString(line)
		}
	}
	mod.WriteString("require github.com/causeway-relay/causeway v0.0.0\nreplace github.com/causeway-relay/causeway => " + s.root + "\n")
	interop.WriteFile(t, filepath.Join(module, "go.mod"), []byte(mod.String()))
	interop.WriteFile(t, filepath.Join(module, "go.sum"), interop.ReadFile(t, filepath.Join(s.root, "go.sum")))
	s.run(t, s.root, "go", "run", "./interop/wsdl/probe", s.corpus, filepath.Join(s.work, "samples"), module)
	s.run(t, module, "go", "build", "-o", filepath.Join(s.work, "harness"), ".")
	s.hear(s.run(t, module, filepath.Join(s.work, "harness"), filepath.Join(s.work, "samples"), filepath.Join(s.work, "results")))
}

func (s *story) run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// judge says what is wrong with what became of each message, and compares it with the exceptions.
func (s *story) judge(t *testing.T, names []string) {
	t.Helper()
	good, all, valid, perfect := 0, 0, 0, 0
	used := map[string]bool{}
	for _, name := range names {
		complaints, judged := s.validate(t, name, "results")
		valid += judged
		before := all - good
		sent, _ := s.validate(t, name, "samples")
		for _, j := range s.jobs {
			if j.Case != name {
				continue
			}
			for _, stack := range []string{"zeep", "node"} {
				all++
				about := name + " " + j.Name + "." + stack
				wrong := s.wrong(about, complaints)
				key, excepted := exception(about)
				switch {
				case wrong == "":
					good++
				case excepted:
					used[key] = true
					if complaint, judged := sent[j.Name+"."+stack]; judged && complaint == "" {
						t.Errorf("%s: the schema finds nothing wrong with what was sent, which is refused: %s", about, wrong)
					}
					t.Logf("exception: %s: %s (%s)", about, exceptions[key], wrong)
				default:
					t.Errorf("%s: %s", about, wrong)
				}
			}
		}
		if all-good == before {
			perfect++
		}
	}
	if perfect < min(whole, len(names)-1) {
		t.Errorf("of %d services everything comes back, want %d", perfect, whole)
	}
	for key := range exceptions {
		if slices.Contains(names, strings.Split(key, " ")[0]) && !used[key] {
			t.Errorf("%s is listed as an exception and is none", key)
		}
	}
	t.Logf("%d services, %d of them without an exception, %d messages: %d read, written back and read again the same, %d of them judged by a schema; %d exceptions", len(names), perfect, all, good, valid, all-good)
}

// exception finds the entry for a message.
func exception(about string) (key string, ok bool) {
	name, file, _ := strings.Cut(about, " ")
	parts := strings.Split(file, ".")
	key = name + " " + strings.Join(parts[len(parts)-2:], ".")
	_, ok = exceptions[key]
	return key, ok
}

// wrong says what is wrong with what became of a message, "" for nothing.
func (s *story) wrong(about string, complaints map[string]string) string {
	name, file, _ := strings.Cut(about, " ")
	text, sample, result := s.said[about], filepath.Join(s.work, "samples", name, file+".xml"), filepath.Join(s.work, "results", name, file+".xml")
	if _, err := os.Stat(sample); err != nil {
		return "not made: " + text
	}
	if _, err := os.Stat(result); err != nil {
		return "generated Go does not take it: " + text
	}
	if complaint := complaints[file]; complaint != "" {
		return complaint
	}
	if !s.same[about] {
		return "not the same: " + text
	}
	return ""
}

// validate lets xmllint judge the messages of a service, those that were written back (results) or those that came (samples). It gives what it
// says of each that it could judge, "" for a valid one, and how many are valid. What stands in a body and is declared by no schema, the
// wrapper of an rpc operation, is for zeep alone to judge.
func (s *story) validate(t *testing.T, name, which string) (complaints map[string]string, valid int) {
	t.Helper()
	d := s.descriptions[name]
	text, err := bundle.Bundle(d)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	files, _ := filepath.Glob(filepath.Join(s.work, which, filepath.FromSlash(name), "*.xml"))
	var docs, about []string
	for _, file := range files {
		doc, root := wsdltest.Body(t, interop.ReadFile(t, file))
		if doc != "" && d.Schema.Element(root) != nil {
			docs, about = append(docs, doc), append(about, strings.TrimSuffix(filepath.Base(file), ".xml"))
		}
	}
	complaints = map[string]string{}
	if len(docs) == 0 {
		return complaints, 0
	}
	found, judged, why := wsdltest.Validate(t, wsdltest.Schemas(t, t.TempDir(), text), docs)
	if !judged {
		t.Errorf("%s: xmllint does not load the schemas: %.500s", name, why)
		return complaints, 0
	}
	for i, complaint := range found {
		if complaints[about[i]] = ""; complaint == "" {
			valid++
			continue
		}
		complaints[about[i]] = "not valid: " + strings.TrimSpace(complaint)
	}
	return complaints, valid
}
