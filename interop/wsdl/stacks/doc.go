// Package stacks has the stories in which SOAP stacks of others and generated Go read each other's messages, over services of the
// corpus: zeep and npm's soap make requests and responses, generated Go reads them strictly and writes them back, xmllint judges what it
// wrote by the schemas of the description, and zeep reads it again and finds the same values.
//
// It owns the choice of services and the list of exceptions with their reasons. The harness that reads and writes is that of package
// probe. It holds tests only, each on the test's own goroutine.
package stacks
