// Command bench writes the benchmark of generated Go: messages of real descriptions, marshalled and unmarshalled by our code and by
// encoding/xml on gowsdl's.
//
//	bench CORPUS MODULE GOWSDL
//
// CORPUS holds real descriptions (INDEX.tsv), MODULE is a folder with a go.mod that finds this project and gowsdl's runtime, GOWSDL the
// program. The command makes packages of both generators for candidates, spread over the index, keeps those that gowsdl's code
// builds for, and writes a program that takes the first messages which both read and write without loss: so both do the same work.
// scripts/wsdl-bench runs all of it; nothing that gowsdl writes stays.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// candidates bounds the packages that are kept: about half of them have a message that gowsdl's code reads and writes without loss.
const candidates = 48

// stride spreads the candidates over the projects that the descriptions come from, always in the same way.
const stride = 37

// largest bounds a candidate's description in bytes, so that building does not take minutes.
const largest = 400 << 10

//go:embed program.txt
var program string

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: bench CORPUS MODULE GOWSDL")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(corpus, module, gowsdl string) error {
	all, err := wsdltest.Index(corpus)
	if err != nil {
		return err
	}
	var imports, table strings.Builder
	for i := range all {
		n := i * stride % len(all)
		of := all[n]
		c := &candidate{name: of.Name, dir: filepath.Join(corpus, of.Name), main: of.Main, module: module, pkg: fmt.Sprintf("c%03d", n)}
		if err := c.make(gowsdl); err != nil {
			continue // not a case for both
		}
		fmt.Fprintf(&imports, "\tours%s %q\n\ttheirs%s %q\n", c.pkg, "scratch/"+c.pkg+"/ours", c.pkg, "scratch/"+c.pkg+"/theirs")
		fmt.Fprintf(&table, "\tentry(%q, %q, ours%s.%s(), func() any { return &theirs%s.%s{} }),\n", c.name+" "+c.element, c.text, c.pkg, c.doc, c.pkg, c.theirs)
		if strings.Count(table.String(), "\n") == candidates {
			break
		}
	}
	source := strings.NewReplacer("IMPORTS", imports.String(), "TABLE", table.String()).Replace(program)
	return os.WriteFile(filepath.Join(module, "main.go"), []byte(source), 0o600)
}

// candidate is a description, and the message of it that is measured.
type candidate struct {
	name, dir, main string
	module, pkg     string

	text, element string // a sample of the message, and what it is called
	doc           string // our function for it
	theirs        string // gowsdl's type
}

var errNoCase = errors.New("not a case")

// make writes both packages. The message is the largest that a type of gowsdl's is named for.
func (c *candidate) make(gowsdl string) error {
	if info, err := os.Stat(filepath.Join(c.dir, c.main)); err != nil || info.Size() > largest {
		return errNoCase
	}
	d, err := load.Load(wsdltest.Folder(c.dir), c.main, load.Limits{})
	if err != nil {
		return err
	}
	out, err := gengo.Generate(ir.Lower(d, ir.Options{}), gengo.Options{Package: "ours"})
	if err != nil {
		return err
	}
	types, err := c.gowsdl(gowsdl)
	if err != nil {
		return err
	}
	for _, op := range out.Operations {
		c.choose(d, op, types)
	}
	if c.doc == "" {
		return errNoCase
	}
	folder := filepath.Join(c.module, c.pkg, "ours")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for file, content := range out.Files {
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// gowsdl writes and builds their package, and gives its types.
func (c *candidate) gowsdl(program string) (map[string]bool, error) {
	folder := filepath.Join(c.module, c.pkg)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	written := exec.Command(program, "-d", folder, "-p", "theirs", "-o", "gen.go", filepath.Base(c.main))
	written.Dir = filepath.Dir(filepath.Join(c.dir, c.main))
	if err := written.Run(); err != nil {
		return nil, err
	}
	built := exec.Command("go", "build", "./"+c.pkg+"/theirs")
	built.Dir = c.module
	if err := built.Run(); err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, "theirs", "gen.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	types := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if t, ok := n.(*ast.TypeSpec); ok {
			_, isStruct := t.Type.(*ast.StructType)
			types[t.Name.Name] = isStruct
		}
		return true
	})
	return types, nil
}

// choose looks at the messages of an operation.
func (c *candidate) choose(d *model.Description, op gengo.Operation, types map[string]bool) {
	t, err := sample.Find(d, op.Name, "")
	if err != nil || t.Op.Style == model.RPC {
		return
	}
	made, err := sample.New(d).Make(t, sample.Options{Amount: sample.Full})
	if err != nil {
		return
	}
	for _, m := range []struct {
		message *sample.Message
		doc     string
		param   *model.Param
	}{{made.Request, op.Input, t.Op.Operation.Input}, {made.Response, op.Output, t.Op.Operation.Output}} {
		if m.message == nil || m.doc == "" || m.param == nil || len(m.param.Message.Parts) != 1 || m.param.Message.Parts[0].Element == nil {
			continue
		}
		element := m.param.Message.Parts[0].Element.Name.Local
		theirs := strings.ToUpper(element[:1]) + element[1:]
		content := m.message.Contents()
		if len(content) == 1 && types[theirs] && len(content[0]) > len(c.text) {
			c.text, c.element, c.doc, c.theirs = content[0], element, m.doc, theirs
		}
	}
}
