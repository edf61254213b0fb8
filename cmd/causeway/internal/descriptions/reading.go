package descriptions

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// sources is what every command's help says of where descriptions come from.
const sources = `
SERVICE is a file, a folder that holds one *.wsdl, or a URL (https://relay.example/quote?wsdl). Files are read below the
description's own folder, or --root. Well-known schemas are built in. Documents on other hosts are read with --fetch, never from
internal addresses without --fetch-internal; --catalog names a file of lines "URL FILE" that are read instead.`

// reading is where a command may read from.
type reading struct {
	root, catalog   string
	fetch, internal bool
}

// flags adds what every command of this group has: which files and hosts may be read.
func (r *reading) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.root, "root", "", "`DIR` that files may be read from (default: the description's own)")
	f.StringVar(&r.catalog, "catalog", "", "`FILE` of lines \"URL FILE\": what to read in place of a URL")
	f.BoolVar(&r.fetch, "fetch", false, "fetch documents from other hosts over http and https")
	f.BoolVar(&r.internal, "fetch-internal", false, "fetch from loopback and private addresses too")
}

// load reads a description. Its files get names that are right from where the user stands.
func (r *reading) load(cmd *cobra.Command, main string) (*model.Description, error) {
	src, location, err := newSource(cmd.Context(), main, r.root, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	defer src.close() //nolint:errcheck // a folder that was read
	src.fetch, src.internal = r.fetch || r.internal, r.internal
	if r.catalog != "" {
		if src.catalog, err = readCatalog(r.catalog); err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
	}
	d, err := load.Load(src, location, load.Limits{})
	if err != nil {
		return nil, err
	}
	if src.root != nil {
		for _, f := range d.Files {
			if _, elsewhere := src.catalog[f.URL]; !elsewhere {
				f.Name = filepath.Join(src.root.Name(), filepath.FromSlash(f.URL))
			}
		}
	}
	return d, nil
}

// problem writes a problem on one line.
func (*reading) problem(p model.Problem) string { return cli.OneLine(p.String()) }

// pathOf gives the file of a place, "" for nowhere.
func pathOf(p model.Place) string {
	if p.File == nil {
		return ""
	}
	return p.File.Name
}
