package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// Here is the manager of this machine.
func Here() (Manager, error) { return &windowsManager{scm: control{}}, nil }

// Run runs the program with the process's arguments: as a service when the service control manager has started it, with its
// output in LogFile, else as it is. Install leaves a word at the end of the command line that says so; services that were made
// by hand are found by what started them.
func Run(program func(ctx context.Context, args []string) int) int {
	args, mark := cutMark(os.Args[1:])
	if !mark {
		if is, err := svc.IsWindowsService(); err != nil || !is {
			return program(context.Background(), args)
		}
	}
	h := &handler{program: func(ctx context.Context) int { return program(ctx, args) }}
	if err := svc.Run("", h); err != nil { // the name counts for services that share a process only
		return 1
	}
	return h.code
}

// handler is the adapter between svc and session.
type handler struct {
	program func(context.Context) int
	code    int
}

// accepted are the requests that we take.
const accepted = svc.AcceptStop | svc.AcceptShutdown

// Execute implements svc.Handler. args holds the service's name first.
func (h *handler) Execute(args []string, in <-chan svc.ChangeRequest, out chan<- svc.Status) (specific bool, code uint32) {
	name := "causeway"
	if len(args) > 0 && args[0] != "" {
		name = args[0]
	}
	if log, err := openLog(LogFile(name)); err == nil { // without a log it still serves
		defer log.Close()
		os.Stdout, os.Stderr = log, log
	}
	requests, done := make(chan Request), make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case r := <-in:
				request := Interrogate
				if r.Cmd == svc.Stop || r.Cmd == svc.Shutdown {
					request = StopNow
				}
				select {
				case requests <- request:
				case <-done:
					return
				}
			case <-done:
				return
			}
		}
	}()
	point := uint32(0)
	h.code = session(h.program, requests, func(s State) {
		point++
		switch s {
		case Starting:
			out <- svc.Status{State: svc.StartPending}
		case Running:
			out <- svc.Status{State: svc.Running, Accepts: accepted}
		case StopPending:
			out <- svc.Status{State: svc.StopPending, CheckPoint: point, WaitHint: uint32(3 * beat / time.Millisecond)}
		case Stopped: // svc reports it from what is returned here
		}
	})
	return h.code != 0, uint32(h.code) //nolint:gosec // exit codes are small
}

// control is the real manager.
type control struct{}

// stopTime bounds the wait for a service that ends its streams.
const stopTime = time.Minute

// with opens a service for one action.
func with(name string, do func(m *mgr.Mgr, s *mgr.Service) error) error {
	m, err := mgr.Connect()
	if err != nil {
		return known(err)
	}
	defer func() { _ = m.Disconnect() }()
	s, err := m.OpenService(name)
	if err != nil {
		return known(err)
	}
	defer s.Close()
	return known(do(m, s))
}

// known puts our own errors into the chain of the system's.
func known(err error) error {
	switch {
	case errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST):
		return fmt.Errorf("%w (%w)", errNoService, err)
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return fmt.Errorf("%w (%w)", errNoRights, err)
	}
	return err
}

// Create implements scm. The service starts with the system, and again 2 s after a failure.
func (control) Create(u scmService) error {
	m, err := mgr.Connect()
	if err != nil {
		return known(err)
	}
	defer func() { _ = m.Disconnect() }()
	account := u.Account
	if account == "" {
		account = `NT AUTHORITY\LocalService`
	}
	s, err := m.CreateService(u.Name, u.Program, mgr.Config{
		DisplayName: u.Display, Description: u.Description, StartType: mgr.StartAutomatic, ServiceStartName: account,
	}, u.Args...)
	if err != nil {
		return known(err)
	}
	defer s.Close()
	again := mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: 2 * time.Second}
	if err := s.SetRecoveryActions([]mgr.RecoveryAction{again, again, again}, uint32((24 * time.Hour).Seconds())); err != nil {
		return known(err)
	}
	_ = s.SetRecoveryActionsOnNonCrashFailures(true) // a system that cannot (wine) restarts after crashes alone
	return nil
}

// Delete implements scm.
func (control) Delete(name string) error {
	return with(name, func(_ *mgr.Mgr, s *mgr.Service) error { return s.Delete() })
}

// Start implements scm.
func (control) Start(name string) error {
	return with(name, func(_ *mgr.Mgr, s *mgr.Service) error { return s.Start() })
}

// Stop implements scm.
func (control) Stop(name string) error {
	return with(name, func(_ *mgr.Mgr, s *mgr.Service) error {
		status, err := s.Control(svc.Stop)
		tick, end := time.NewTicker(beat/4), time.After(stopTime)
		defer tick.Stop()
		for err == nil && status.State != svc.Stopped {
			select {
			case <-tick.C:
				status, err = s.Query()
			case <-end:
				return errors.New("it does not stop: end its process in the Task Manager")
			}
		}
		return err
	})
}

// configured asks for what is needed of a service's configuration.
func configured(h windows.Handle) (auto bool, command string, err error) {
	var need uint32
	err = windows.QueryServiceConfig(h, nil, 0, &need)
	if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) || need > maxConfig {
		return false, "", err
	}
	b := make([]byte, need)
	config := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&b[0])) //nolint:gosec // how the system gives it
	if err := windows.QueryServiceConfig(h, config, need, &need); err != nil {
		return false, "", err
	}
	return config.StartType == mgr.StartAutomatic, windows.UTF16PtrToString(config.BinaryPathName), nil
}

// maxConfig is the longest configuration of a service that there is: 8 KiB.
const maxConfig = 8 << 10

// Query implements scm.
func (control) Query(name string) (found scmStatus, err error) {
	err = with(name, func(_ *mgr.Mgr, s *mgr.Service) error {
		status, err := s.Query()
		if err != nil {
			return err
		}
		found.Auto, found.Command, err = configured(s.Handle)
		found.State = map[svc.State]string{
			svc.Running: stateRunning, svc.Stopped: stateStopped, svc.StartPending: stateStarting, svc.StopPending: stateStopping,
			svc.Paused: stateStopped, svc.PausePending: stateStopping, svc.ContinuePending: stateStarting,
		}[status.State]
		return err
	})
	return found, err
}
