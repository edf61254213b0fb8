package descriptions

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// generate is one run of `wsdl go`.
type generate struct {
	out, pkg, root, catalog string
	dir, file               string // gowsdl's -d and -o
	fetch, internal         bool
}

// report is what `wsdl go -o json` prints.
type report struct {
	Package    string            `json:"package"`
	Folder     string            `json:"folder"`
	Files      []string          `json:"files"`
	Operations []gengo.Operation `json:"operations"`
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
"URL FILE" that are read instead. Problems are printed with their place. The exit code is 1 when an operation is lost.`,
	}
	g := &generate{}
	f := cmd.Flags()
	f.StringVar(&g.out, "out", "", "`DIR` to write to (default ./NAME)")
	f.StringVarP(&g.pkg, "package", "p", "", "`NAME` of the package (default: of the namespace)")
	f.StringVar(&g.root, "root", "", "`DIR` that files may be read from (default: the description's own)")
	f.StringVar(&g.catalog, "catalog", "", "`FILE` of lines \"URL FILE\": what to read in place of a URL")
	f.BoolVar(&g.fetch, "fetch", false, "fetch documents from other hosts over http and https")
	f.BoolVar(&g.internal, "fetch-internal", false, "fetch from loopback and private addresses too")
	f.StringVarP(&g.file, "output", "o", "table", "`FORMAT` of the report: table or json; a name that ends in .go is taken as gowsdl takes it")
	f.StringVarP(&g.dir, "dir", "d", "", "`DIR` to make the package's folder in, as gowsdl does")
	f.BoolP("insecure", "i", false, "for gowsdl's command lines; certificates are checked all the same")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return g.run(cmd, args[0]) }
	return cmd
}

func (g *generate) run(cmd *cobra.Command, main string) error {
	if g.file != string(cli.AsTable) && g.file != string(cli.AsJSON) && !strings.HasSuffix(g.file, ".go") {
		return cli.Usage("%q is no format: use table or json", g.file)
	}
	d, err := g.load(cmd, main)
	if err != nil {
		return err
	}
	p := ir.Lower(d, ir.Options{})
	out, err := gengo.Generate(p, gengo.Options{Package: g.pkg})
	if err != nil {
		return err
	}
	r := &report{Package: out.Package, Folder: g.folder(out.Package), Operations: out.Operations, Problems: []string{}}
	if r.Operations == nil {
		r.Operations = []gengo.Operation{}
	}
	for _, problem := range append(d.Problems, p.Problems...) {
		if problem.Level > model.Note {
			r.Problems = append(r.Problems, problem.String())
		}
	}
	if r.Files, err = writePackage(r.Folder, out.Files); err != nil {
		return err
	}
	return g.print(cmd, r)
}

// load reads the description.
func (g *generate) load(cmd *cobra.Command, main string) (*model.Description, error) {
	src, location, err := newSource(cmd.Context(), main, g.root, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	defer src.close() //nolint:errcheck // a folder that was read
	src.fetch, src.internal = g.fetch || g.internal, g.internal
	if g.catalog != "" {
		if src.catalog, err = readCatalog(g.catalog); err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
	}
	return load.Load(src, location, load.Limits{})
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
	lost := 0
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
	for _, op := range r.Operations {
		if op.Note != "" {
			if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "%s: operation %s of binding %s: note: %s\n", op.Place, op.Name, op.Binding, op.Note); err != nil {
				return err
			}
		}
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
