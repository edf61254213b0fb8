package descriptions

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// generate is one run of `wsdl go`.
type generate struct {
	reading
	out, pkg  string
	dir, file string // gowsdl's -d and -o
	names     string
	mapping   string
}

// report is what `wsdl go -o json` prints.
type report struct {
	Package    string            `json:"package"`
	Folder     string            `json:"folder"`
	Files      []string          `json:"files"`
	Operations []gengo.Operation `json:"operations"`
	Lost       []string          `json:"lost,omitempty"` // operations that the reader could not keep
	Problems   []string          `json:"problems"`
}

func newGo() *cobra.Command {
	cmd := &cobra.Command{
		Use: "go SERVICE.wsdl|URL|DIR", Short: "Write a Go package of a service: client, server, types, faults", Args: cli.Args(cobra.ExactArgs(1)),
		Example: `  causeway wsdl go service.wsdl                             # writes ./NAME, named by the service's namespace
  causeway wsdl go --out internal/quote --package quote service.wsdl
  causeway wsdl go --fetch 'https://relay.example/quote?wsdl' -o json`,
		Long: `Reads a WSDL 1.1 description with all that it imports and writes a Go package: a typed client, a server's interface with
its http.Handler, types with their codecs, faults as errors.

Files are read below the description's own folder, or --root. Well-known schemas are built in. Documents on other hosts
are read with --fetch, never from internal addresses without --fetch-internal; --catalog names a file of lines
"URL FILE" that are read instead. Problems are printed with their place. The exit code is 1 when an operation is lost.

--names=gowsdl makes the names that gowsdl v0.5.0 makes, and its interfaces beside our clients; "causeway wsdl gowsdl"
takes gowsdl's own command line. --mapping writes what each name of the description became in Go.`,
	}
	g := &generate{}
	f := cmd.Flags()
	f.StringVar(&g.out, "out", "", "`DIR` to write to (default ./NAME)")
	f.StringVarP(&g.pkg, "package", "p", "", "`NAME` of the package (default: of the namespace)")
	g.flags(cmd)
	f.StringVarP(&g.file, "output", "o", "table", "`FORMAT` of the report: table or json; a name that ends in .go is taken as gowsdl takes it")
	f.StringVarP(&g.dir, "dir", "d", "", "`DIR` to make the package's folder in, as gowsdl does")
	f.StringVar(&g.names, "names", "go", "`RULES` for names: go or gowsdl")
	f.StringVar(&g.mapping, "mapping", "", "`FILE` to write the table of names to: kind, name, Go name, with tabs between")
	f.BoolP("insecure", "i", false, "for gowsdl's command lines; certificates are checked all the same")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return g.run(cmd, args[0]) }
	return cmd
}

func (g *generate) run(cmd *cobra.Command, main string) error {
	if g.file != string(cli.AsTable) && g.file != string(cli.AsJSON) && !strings.HasSuffix(g.file, ".go") {
		return cli.Usage("%q is no format: use table or json", g.file)
	}
	rules, ok := map[string]gengo.Names{"": gengo.Idiomatic, "go": gengo.Idiomatic, "gowsdl": gengo.GoWSDL}[g.names]
	if !ok {
		return cli.Usage("%q are no rules for names: use go or gowsdl", g.names)
	}
	if g.pkg != "" && !token.IsIdentifier(g.pkg) {
		return cli.Usage("%q cannot be the name of a Go package: give letters and digits, such as quote", g.pkg)
	}
	d, err := g.load(cmd, main)
	if err != nil {
		return err
	}
	p := ir.Lower(d, ir.Options{})
	out, err := gengo.Generate(p, gengo.Options{Package: g.pkg, Names: rules})
	if err != nil {
		return err
	}
	if strings.HasSuffix(g.file, ".go") { // gowsdl writes all into that file; ours has the clients
		out.Files[filepath.Base(g.file)] = out.Files["service.go"]
		if filepath.Base(g.file) != "service.go" {
			delete(out.Files, "service.go")
		}
	}
	if g.mapping != "" {
		if err := writeMapping(g.mapping, out.Names); err != nil {
			return fmt.Errorf("write the table of names: %w", err)
		}
	}
	r := &report{Package: out.Package, Folder: g.folder(out.Package), Operations: out.Operations, Problems: []string{}}
	if r.Operations == nil {
		r.Operations = []gengo.Operation{}
	}
	for _, problem := range slices.Concat(d.Problems, p.Problems, out.Problems) {
		if problem.Level > model.Note {
			r.Problems = append(r.Problems, g.problem(problem))
		}
	}
	for _, lost := range d.Lost {
		r.Lost = append(r.Lost, cli.OneLine(lost.String()))
	}
	if r.Files, err = writePackage(r.Folder, out.Files); err != nil {
		return err
	}
	return g.print(cmd, r)
}

// writeMapping writes the table of names.
func writeMapping(file string, names []gengo.Mapped) error {
	var b bytes.Buffer
	for _, n := range names {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", n.Kind, cli.OneLine(n.Name), n.Go)
	}
	return os.WriteFile(file, b.Bytes(), 0o644) //nolint:gosec // for all to read
}

func (g *generate) folder(pkg string) string {
	switch {
	case g.out != "":
		return g.out
	case g.dir != "":
		return filepath.Join(g.dir, pkg)
	}
	return pkg
}

// writePackage writes files into a folder. A file that this command did not write is left alone.
func writePackage(folder string, files map[string][]byte) ([]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // source code, for all to read
		return nil, err
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		file := filepath.Join(folder, name)
		old, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil && !bytes.HasPrefix(old, []byte("// Code generated by causeway wsdl go.")) {
			return nil, fmt.Errorf("%s is no file that this command wrote: name another folder with --out", file)
		}
		if err := os.WriteFile(file, files[name], 0o644); err != nil { //nolint:gosec // source code, for all to read
			return nil, err
		}
	}
	return names, nil
}

// print tells what was written. Lost operations are exit code 1.
func (g *generate) print(cmd *cobra.Command, r *report) error {
	lost := len(r.Lost)
	for _, op := range r.Operations {
		if op.Lost {
			lost++
		}
	}
	err := g.tell(cmd, r, lost)
	if err == nil && lost > 0 {
		err = cli.Silent(cli.ExitFailure)
	}
	return err
}

func (g *generate) tell(cmd *cobra.Command, r *report, lost int) error {
	if g.file == string(cli.AsJSON) {
		return cli.WriteJSON(cmd.OutOrStdout(), r)
	}
	for _, p := range r.Problems {
		if _, err := fmt.Fprintln(cmd.ErrOrStderr(), p); err != nil {
			return err
		}
	}
	for _, l := range r.Lost {
		if _, err := fmt.Fprintln(cmd.ErrOrStderr(), l); err != nil {
			return err
		}
	}
	for _, op := range r.Operations {
		if op.Skipped == "" {
			continue
		}
		word := "skipped: another binding has it"
		if op.Lost {
			word = "lost"
		}
		if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "%s: operation %s of binding %s: %s: %s\n", op.Place, op.Name, op.Binding, word, op.Skipped); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "package %s in %s: %d operations, %d lost\n", r.Package, r.Folder, len(r.Operations), lost)
	return err
}
