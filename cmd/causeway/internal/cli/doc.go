// Package cli is what the commands of causeway share: how a command line is run and how it ends (Run, the exit codes, usage
// errors), how groups and arguments are checked, which gateway a command asks and as whom (Connection), and how data is
// written (Format, Table). It knows no command; the packages beside it hold those, and cmd/causeway joins them to one tree.
//
// Exit codes and the rule that data goes to standard output and talk to standard error are those of architecture section 5.
// Everything here is called from the goroutine of the command that runs. EndUnread alone starts one, whose end its stop waits for.
package cli
