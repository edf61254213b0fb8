package service

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// scm is the part of the service control manager that is needed. Its errors are told with errNoService and errNoRights in their
// chain where they mean that.
type scm interface {
	Create(s scmService) error
	Delete(name string) error // the service is gone once it has stopped
	Start(name string) error
	Stop(name string) error // returns when it has stopped, or is no more than stopping
	Query(name string) (scmStatus, error)
}

// scmStatus is what the manager says of a service that is there.
type scmStatus struct {
	State   string
	Auto    bool   // starts with the system
	Command string // line, as it is configured: the program, in quotes or not, and its words
}

// scmService is a service as the manager has it.
type scmService struct {
	Name, Display, Description string
	Program                    string
	Args                       []string
	Account                    string // "": LocalService
}

// asService is the last word of an installed service's command line: the program is one, and is not for a console.
const asService = "--as-service"

// cutMark takes it off.
func cutMark(args []string) ([]string, bool) {
	if n := len(args); n > 0 && args[n-1] == asService {
		return args[:n-1], true
	}
	return args, false
}

// ours reports whether a service's command line is one of causeway: it ends with the word that Install leaves, or its program is
// called causeway, as in services that were made by hand. A folder of that name says nothing.
func (s *scmStatus) ours() bool {
	if words := strings.Fields(s.Command); len(words) > 1 && words[len(words)-1] == asService {
		return true
	}
	program := programOf(s.Command)
	base := strings.ToLower(program[strings.LastIndexAny(program, `\/`)+1:])
	return base == "causeway" || base == "causeway.exe"
}

// programOf is the program of a command line: what stands in quotes, else all up to the first ".exe" that ends a word, since paths
// without quotes may have blanks, else the first word.
func programOf(command string) string {
	command = strings.TrimSpace(command)
	if rest, ok := strings.CutPrefix(command, `"`); ok {
		program, _, _ := strings.Cut(rest, `"`)
		return program
	}
	if end := endOfProgram.FindStringIndex(command); end != nil {
		return strings.TrimSpace(command[:end[1]])
	}
	program, _, _ := strings.Cut(command, " ")
	return program
}

// endOfProgram is where a program without quotes ends.
var endOfProgram = regexp.MustCompile(`(?i)\.exe(\s|$)`)

var (
	errNoService = errors.New("there is no such service")
	errNoRights  = errors.New("access is denied")
)

// windowsManager is a Manager over the service control manager.
type windowsManager struct{ scm scm }

// find gives what is known of a service of ours: errNoService when the name is free, an error that names the program when it is
// somebody else's, who has to keep it.
func (w *windowsManager) find(name string) (scmStatus, error) {
	if err := CheckName(name); err != nil {
		return scmStatus{}, err
	}
	s, err := w.scm.Query(name)
	if err != nil {
		return s, adminAdvice(fmt.Errorf("look for the service: %w", err))
	}
	if !s.ours() {
		return s, notOurs(name, programOf(s.Command))
	}
	return s, nil
}

// Install implements Manager. A service of ours that is there is replaced.
func (w *windowsManager) Install(ctx context.Context, u *Unit) error {
	if err := u.Check(); err != nil {
		return err
	}
	if len(u.Credentials) > 0 {
		return errors.New("credentials are systemd's: on Windows set the variables of the service's account, or name files that only it can read")
	}
	if err := w.Uninstall(ctx, u.Name); err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	s := scmService{
		Name: u.Name, Display: "Causeway " + u.Name, Description: u.Description, Program: u.Program, Account: u.User,
		Args: append(slices.Clone(u.Args), asService),
	}
	if err := w.scm.Create(s); err != nil {
		return adminAdvice(fmt.Errorf("create the service: %w", err))
	}
	if err := w.scm.Start(u.Name); err != nil {
		return adminAdvice(fmt.Errorf("start the service: %w: its log is %s", err, LogFile(u.Name)))
	}
	return nil
}

// Uninstall implements Manager.
func (w *windowsManager) Uninstall(_ context.Context, name string) error {
	s, err := w.find(name)
	if errors.Is(err, errNoService) {
		return ErrNone
	}
	if err != nil {
		return err
	}
	if s.State != stateStopped {
		if err := w.scm.Stop(name); err != nil {
			return adminAdvice(fmt.Errorf("stop the service: %w", err))
		}
	}
	if err := w.scm.Delete(name); err != nil {
		return adminAdvice(fmt.Errorf("delete the service: %w", err))
	}
	return nil
}

// States as Status shows them.
const (
	stateRunning  = "running"
	stateStopped  = "stopped"
	stateStarting = "starting"
	stateStopping = "stopping"
)

// Status implements Manager.
func (w *windowsManager) Status(_ context.Context, name string) (Status, error) {
	s, err := w.find(name)
	if errors.Is(err, errNoService) {
		return Status{Name: name}, nil
	}
	if err != nil {
		return Status{}, err
	}
	return Status{Name: name, Installed: true, Enabled: s.Auto, State: s.State}, nil
}

// Plan implements Manager.
func (*windowsManager) Plan(u *Unit) Plan {
	account := u.User
	if account == "" {
		account = `NT AUTHORITY\LocalService`
	}
	words := []string{windowsWord(u.Program)}
	for _, a := range u.Args {
		words = append(words, windowsWord(a))
	}
	return Plan{Run: []string{}, Text: fmt.Sprintf("service  %s (starts with the system, starts again after a failure)\naccount  %s\nruns     %s\nlog      %s\n",
		u.Name, account, strings.Join(words, " "), LogFile(u.Name))}
}

// adminAdvice adds what to do where only an administrator may.
func adminAdvice(err error) error {
	if errors.Is(err, errNoRights) {
		return fmt.Errorf("%w: run the command again in a window opened with 'Run as administrator'", err)
	}
	return err
}

// windowsWord quotes a word for the eye; the real command line is made by the system's own rule.
func windowsWord(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\"") {
		return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	return s
}
