package service

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Unit is a service to install.
type Unit struct {
	Name        string   // letters, digits, hyphens and underscores
	Description string   // one line
	Program     string   // absolute path
	Args        []string // of the program
	User        string   // "": one that exists only while the service runs (systemd), the local service account (Windows)
	Credentials []Credential
	Notify      bool          // the program tells its manager when it is ready
	Stop        time.Duration // that the program may take to end
}

// Credential is a secret file that the service is given under a name (systemd's LoadCredential=).
type Credential struct{ Name, File string }

// Status is what is known of an installed service.
type Status struct {
	Name      string `json:"name"`
	Installed bool   `json:"installed"`
	Enabled   bool   `json:"enabled"` // starts with the system
	State     string `json:"state"`   // running, stopped, starting, stopping or failed; "" when not installed
}

// Manager is the part of a system that runs services. Its errors say what to do next. A service of somebody else that has the name is
// an error in all but Plan: it is not replaced, not taken away, and not shown as one of ours.
type Manager interface {
	// Install makes or replaces the service and starts it.
	Install(ctx context.Context, u *Unit) error
	// Uninstall stops the service and takes it away. ErrNone: there is none.
	Uninstall(ctx context.Context, name string) error
	// Status looks. A service that is not there is no error.
	Status(ctx context.Context, name string) (Status, error)
	// Plan says what Install would write and run. It asks nobody.
	Plan(u *Unit) Plan
}

// Plan is what an installation writes and runs.
type Plan struct {
	File string   `json:"file"` // that is written; "": none
	Text string   `json:"text"` // what is written, or what the system is told
	Run  []string `json:"run"`  // commands that are run then, in order
}

// String is the plan for people.
func (p *Plan) String() string {
	text := p.Text
	if p.File != "" {
		text = "# " + p.File + "\n" + text
	}
	if len(p.Run) > 0 {
		text += "\n# then: " + strings.Join(p.Run, "; ") + "\n"
	}
	return text
}

// ErrNone says that no service has the name.
var ErrNone = errors.New("no service of this name is installed")

// notOurs says that a name is somebody else's; where is the unit or the program that says so.
func notOurs(name, where string) error {
	return fmt.Errorf("the service %s is not one of causeway's (%s): name another with --name", name, where)
}

// ErrSystem says that this system's services are not known here.
var ErrSystem = errors.New("services can be installed with systemd and on Windows only: have your system run the command")

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// CheckName finds what cannot be the name of a service here.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return errors.New("the service's name must be 1 to 64 letters, digits, hyphens or underscores")
	}
	return nil
}

// Check finds what no manager could take.
func (u *Unit) Check() error {
	if err := CheckName(u.Name); err != nil {
		return err
	}
	if u.Program == "" || len(u.Args) == 0 {
		return errors.New("there is no command to run")
	}
	for _, text := range append([]string{u.Description, u.Program, u.User}, u.Args...) {
		if strings.ContainsAny(text, "\r\n\x00") {
			return errors.New("a line break or NUL cannot stand in a service")
		}
	}
	for _, c := range u.Credentials {
		if !nameForm.MatchString(c.Name) || strings.ContainsAny(c.File, "\r\n\x00: ") {
			return fmt.Errorf("credential %q: expected NAME=FILE, the file's path without blanks and colons", c.Name)
		}
	}
	return nil
}
