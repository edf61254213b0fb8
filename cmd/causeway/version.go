package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway"
)

// build says what the binary is made of.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of version control, when the build knew it
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// String is the line for people. It has the beginning of the revision: a version that nobody set says nothing.
func (b *build) String() string {
	version := b.Version
	if b.Revision != "" {
		version += " (" + b.Revision[:min(len(b.Revision), shownRevision)] + ")"
	}
	return fmt.Sprintf("causeway %s %s %s/%s", version, b.Go, b.OS, b.Arch)
}

// shownRevision is how many digits of a revision the line has, as in Go's own pseudo-versions.
const shownRevision = 12

func newVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cli.Args(cobra.NoArgs),
		Example: `  causeway version
  causeway version -o json`,
	}
	format := cli.FormatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b := buildInfo()
		return format.Write(cmd, b, func() error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), b)
			return err
		})
	}
	return cmd
}

func buildInfo() *build {
	b := &build{Version: gateway.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}
