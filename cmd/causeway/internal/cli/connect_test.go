package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCredential: a service finds its connection string where systemd puts credentials, behind flag and variable.
func TestCredential(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	t.Setenv(EnvConnectionString, "")
	c := &Connection{}
	if got := c.Given(); got != "" {
		t.Errorf("without a credential %q", got)
	}
	if err := os.WriteFile(filepath.Join(dir, CredentialName), []byte("of the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.Given(); got != "of the file" {
		t.Errorf("got %q", got)
	}
	t.Setenv(EnvConnectionString, "of the variable")
	if got := c.Given(); got != "of the variable" {
		t.Errorf("got %q", got)
	}
	c.ConnectionString = "of the flag"
	if got := c.Given(); got != "of the flag" {
		t.Errorf("got %q", got)
	}
}
