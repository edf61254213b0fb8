package messages

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/soap/inspect"
)

// maxInput bounds what the soap commands read: more is no message, and all of it is held in memory.
const maxInput = 64 << 20

// NewSoap makes the commands of SOAP messages.
func NewSoap() *cobra.Command {
	return cli.Group("soap", "Look at SOAP messages in any encoding: text, .NET binary, net.tcp streams",
		`  causeway soap decode capture.hex
  causeway soap encode request.xml --as session --hex
  causeway soap diff sent.bin expected.xml`,
		newSoapDecode(), newSoapEncode(), newSoapDiff())
}

// whatIsRead ends an error of bytes that are none of it.
const whatIsRead = ": expected a SOAP message, one direction of a net.tcp connection, or HTTP messages, raw or in hex"

// unless leaves a text away.
func unless(away bool, text string) string {
	if away {
		return ""
	}
	return text
}

func newSoapDecode() *cobra.Command {
	cmd := &cobra.Command{
		Use: "decode [FILE|-]", Short: "Show what bytes say, as indented XML with a summary", Args: cli.Args(cobra.MaximumNArgs(1)),
		Example: `  causeway soap decode capture.bin                  # one direction of a net.tcp connection
  xxd capture.bin | causeway soap decode -         # or from a dump that somebody pasted
  causeway soap decode message.hex -o json`,
		Long: `Shows SOAP messages as indented XML on standard output and a summary on standard error.

The bytes tell what they are: raw, or written in hex (plain, xxd, hexdump -C); a document in text or .NET binary
XML with or without the string table of a session; a whole net.tcp stream in one direction; HTTP messages;
WebSocket frames behind an HTTP upgrade; gzip or deflate around any of these.`,
	}
	format := cli.FormatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, list []string) error {
		input, err := readInput(cmd, list)
		if err != nil {
			return err
		}
		report, err := inspect.Decode(input)
		wrote := format.Write(cmd, report, func() error {
			if _, err := cmd.OutOrStdout().Write(report.AppendXML(nil)); err != nil {
				return err
			}
			_, err := cmd.ErrOrStderr().Write(report.AppendSummary(nil))
			return err
		})
		if err != nil {
			return fmt.Errorf("decode: %w%s", err, unless(len(report.Messages)+len(report.Records) > 1, whatIsRead))
		}
		return wrote
	}
	return cmd
}

func newSoapEncode() *cobra.Command {
	cmd := &cobra.Command{
		Use: "encode [FILE|-]", Short: "Write a document in another encoding", Args: cli.Args(cobra.MaximumNArgs(1)),
		Example: `  causeway soap encode request.xml > request.bin
  causeway soap encode request.xml --as session --hex
  causeway soap encode request.bin --as canonical`,
		Long: `Writes one document, given in any form that 'causeway soap decode' takes, in another:

  binary     .NET binary XML with the static dictionary (application/soap+msbin1)
  session    the same as first message of a session, string table included (application/soap+msbinsession1)
  text       XML in UTF-8, white space as it is
  canonical  Canonical XML 1.0 with comments

Binary output to a terminal is shown in hex.`,
	}
	as := cmd.Flags().String("as", string(inspect.Binary), "`FORM` to write: binary, session, text or canonical")
	hex := cmd.Flags().Bool("hex", false, "write hex digits in place of raw bytes")
	_ = cmd.RegisterFlagCompletionFunc("as", func(*cobra.Command, []string, string) (forms []cobra.Completion, _ cobra.ShellCompDirective) {
		for _, f := range inspect.Formats() {
			forms = append(forms, string(f))
		}
		return forms, cobra.ShellCompDirectiveNoFileComp
	})
	cmd.RunE = func(cmd *cobra.Command, list []string) error {
		form, err := soapForm(*as)
		if err != nil {
			return err
		}
		input, err := readInput(cmd, list)
		if err != nil {
			return err
		}
		out, err := inspect.Encode(input, form)
		if err != nil {
			return fmt.Errorf("encode: %w%s", err, whatIsRead)
		}
		binary := form == inspect.Binary || form == inspect.Session
		if *hex || binary && cli.OnTerminal(cmd.OutOrStdout()) {
			out = inspect.AppendHex(nil, out)
		}
		_, err = cmd.OutOrStdout().Write(out)
		return err
	}
	return cmd
}

func soapForm(word string) (inspect.Format, error) {
	for _, f := range inspect.Formats() {
		if string(f) == word {
			return f, nil
		}
	}
	return "", cli.Usage("%q is no form: use one of %v", word, inspect.Formats())
}

// errDiffer gives exit code 1, as diff(1) does.
var errDiffer = errors.New("the documents differ")

func newSoapDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff LEFT RIGHT", Short: "Compare what two inputs say, whatever their encodings", Args: cli.Args(cobra.ExactArgs(2)),
		Example: `  causeway soap diff request.xml request.bin
  causeway soap diff left.hex right.hex -o json`,
		Long: `Compares documents as infosets: prefixes, declarations, the order of attributes, comments, and white space
between elements do not matter. Each input may have any form that 'causeway soap decode' takes; one may be - for
standard input. Nothing is printed and the exit code is 0 when they say the same, 1 when they differ.`,
	}
	format := cli.FormatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, list []string) error {
		if list[0] == "-" && list[1] == "-" {
			return cli.Usage("only one input can be standard input")
		}
		left, err := readInput(cmd, list[:1])
		if err != nil {
			return err
		}
		right, err := readInput(cmd, list[1:])
		if err != nil {
			return err
		}
		found, err := inspect.Diff(left, right)
		if err != nil {
			return fmt.Errorf("diff: %w%s", err, whatIsRead)
		}
		if found == nil {
			found = []inspect.Difference{} // an array in JSON too
		}
		err = format.Write(cmd, found, func() error {
			for _, d := range found {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), d); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil && len(found) > 0 {
			return errDiffer
		}
		return err
	}
	return cmd
}

// readInput reads the file that is named, or standard input for none and for "-".
func readInput(cmd *cobra.Command, list []string) ([]byte, error) {
	src := cmd.InOrStdin()
	if len(list) > 0 && list[0] != "-" {
		f, err := os.Open(list[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		src = f
	}
	b, err := io.ReadAll(io.LimitReader(src, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(b) > maxInput {
		return nil, fmt.Errorf("input has more than %d MiB: cut the messages out of it first", maxInput>>20)
	}
	return b, nil
}
