// Command probe is the harness of the message probe: it writes Go for every description that sample messages were made of, and a program
// that reads each sample into its generated type and writes it back.
//
//	probe CORPUS SAMPLES MODULE
//
// CORPUS and SAMPLES are those of the probe's own `gen`; MODULE is a folder with a go.mod that can find this project. Afterwards
// `go run .` there with SAMPLES and a folder for results does the rest. scripts/wsdl-probe runs all of it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: probe CORPUS SAMPLES MODULE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(corpus, samples, module string) error {
	all, err := wsdltest.Index(corpus)
	if err != nil {
		return err
	}
	p := &program{module: module}
	for i, c := range all {
		if _, err := os.Stat(filepath.Join(samples, c.Name, "ops.json")); err != nil {
			continue // no sample could be made
		}
		if err := p.add(fmt.Sprintf("c%03d", i), c.Name, filepath.Join(corpus, c.Name), c.Main); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return p.write()
}

// program gathers the harness.
type program struct {
	module  string
	imports strings.Builder
	table   strings.Builder
}

// add writes the package of a case and its rows.
func (p *program) add(pkg, name, dir, main string) error {
	d, err := load.Load(wsdltest.Folder(dir), main, load.Limits{})
	if err != nil {
		return err
	}
	out, err := gengo.Generate(ir.Lower(d, ir.Options{}), gengo.Options{Package: pkg})
	if err != nil {
		return err
	}
	folder := filepath.Join(p.module, pkg)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for file, content := range out.Files {
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o600); err != nil {
			return err
		}
	}
	used := false
	for _, op := range out.Operations {
		for way, fn := range map[string]string{"input": op.Input, "output": op.Output} {
			if fn != "" {
				used = true
				fmt.Fprintf(&p.table, "\tentry(%q, %q, %q, %s.%s()),\n", name, op.Name, way, pkg, fn)
			}
		}
	}
	if used {
		fmt.Fprintf(&p.imports, "\t%q\n", "scratch/"+pkg)
	}
	return nil
}

func (p *program) write() error {
	source := strings.NewReplacer("IMPORTS", p.imports.String(), "TABLE", p.table.String()).Replace(harness)
	return os.WriteFile(filepath.Join(p.module, "main.go"), []byte(source), 0o600)
}

const harness = `package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/codec/jsonform"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
IMPORTS)

type row struct {
	name, op, way string
	try           func([]byte) (text, json []byte, err error)
	call          func([]byte) ([]byte, error) // JSON to a body
}

func entry[T any](name, op, way string, doc *codec.Document[T]) row {
	return row{name, op, way, roundTrip(doc), func(b []byte) ([]byte, error) {
		v, err := jsonform.From(doc, b)
		if err != nil {
			return nil, err
		}
		return doc.Marshal(v)
	}}
}

// throughJSON writes a value as JSON, which must come back the same.
func throughJSON[T any](doc *codec.Document[T], v T) ([]byte, error) {
	text, err := doc.Marshal(v)
	if err != nil {
		return nil, err
	}
	json, err := jsonform.To(doc, v)
	if err != nil {
		return nil, fmt.Errorf("to JSON: %w", err)
	}
	back, err := jsonform.From(doc, json)
	if err != nil {
		return nil, fmt.Errorf("from JSON: %w: %s", err, json)
	}
	again, err := doc.Marshal(back)
	if err != nil {
		return nil, fmt.Errorf("through JSON: %w: %s", err, json)
	}
	if !bytes.Equal(text, again) {
		if second, err := jsonform.To(doc, back); err != nil || !bytes.Equal(json, second) {
			return nil, fmt.Errorf("through JSON: %s became %s by %s and %s, %v", text, again, json, second, err)
		}
	}
	return json, nil
}

// roundTrip reads a message, alone or in an envelope, and writes it in the same way, and as JSON.
func roundTrip[T any](doc *codec.Document[T]) func([]byte) (text, json []byte, err error) {
	return func(b []byte) (text, json []byte, err error) {
		if !bytes.Contains(b, []byte(":Envelope")) && !bytes.Contains(b, []byte(":\000E\000n\000v")) {
			v, err := doc.Unmarshal(b, true)
			if err != nil {
				return nil, nil, fmt.Errorf("read: %w", err)
			}
			if json, err = throughJSON(doc, v); err != nil {
				return nil, nil, err
			}
			text, err := doc.Marshal(v)
			return text, json, err
		}
		m, err := soap.Read(xmltext.NewBytes(b, xmltext.Options{Quotas: infoset.Buffered()}), soap.None, soap.Limits{})
		if err != nil {
			return nil, nil, err
		}
		body, err := m.Body()
		if err != nil {
			return nil, nil, err
		}
		d := codec.NewDecoder(body.(xsd.Scoped))
		d.Strict = true
		v, err := doc.Read(d)
		if err != nil {
			return nil, nil, fmt.Errorf("read: %w", err)
		}
		if json, err = throughJSON(doc, v); err != nil {
			return nil, nil, err
		}
		for err == nil {
			_, err = body.Next()
		}
		m.SetBody(func(w infoset.Writer) error { return doc.Write(w, v) })
		var out bytes.Buffer
		err = m.Write(xmltext.NewWriter(&out, xmltext.WriterOptions{}))
		return out.Bytes(), json, err
	}
}

var rows = []row{
TABLE}

var odd = regexp.MustCompile("[^0-9A-Za-z_\\p{L}]")

func main() {
	samples, results := os.Args[1], os.Args[2]
	for _, r := range rows {
		files, _ := filepath.Glob(filepath.Join(samples, r.name, odd.ReplaceAllString(r.op, "_")+"."+r.way+".*.xml"))
		for _, f := range files {
			to := filepath.Join(results, r.name, filepath.Base(f))
			if _, err := os.Stat(to); err == nil {
				continue
			}
			in, err := os.ReadFile(f)
			if err != nil {
				fmt.Println(err)
				continue
			}
			out, json, err := r.try(in)
			if err != nil {
				fmt.Printf("%s %s: %s\n", r.name, filepath.Base(f), strings.ReplaceAll(err.Error(), "\n", " "))
				continue
			}
			os.MkdirAll(filepath.Dir(to), 0o755)
			os.WriteFile(to, out, 0o644)
			os.WriteFile(to+".json", json, 0o644)
		}
		files, _ = filepath.Glob(filepath.Join(samples, r.name, odd.ReplaceAllString(r.op, "_")+"."+r.way+".*.json"))
		for _, f := range files {
			in, err := os.ReadFile(f)
			if err == nil {
				in, err = r.call(in)
			}
			if err != nil {
				fmt.Printf("%s %s: %s\n", r.name, filepath.Base(f), strings.ReplaceAll(err.Error(), "\n", " "))
				continue
			}
			to := filepath.Join(results, r.name, filepath.Base(f)+".xml")
			os.MkdirAll(filepath.Dir(to), 0o755)
			os.WriteFile(to, in, 0o644)
		}
	}
}
`
