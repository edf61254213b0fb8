// Package service runs the program as a service of its system, and installs it as one: systemd on Linux, the service control
// manager on Windows. It owns unit files, the state that a manager is told, and how a manager's wish to stop reaches the program. It
// does not own what the program does, nor its flags; cmd/causeway is its only user.
//
// Everything that can be said without a system is in files without one in their name, behind interfaces that tests have fakes
// of; _linux.go, _windows.go and _other.go only lead to the real ones.
//
// Sources: systemd.unit(5), systemd.service(5), systemd.exec(5), sd_notify(3); Windows: "Service Control Manager", SERVICE_STATUS.
package service
