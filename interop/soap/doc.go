// Package soap holds the stories in which foreign programs check the SOAP messages that we write or change. Only its tests do
// anything; they begin with the parts of scripts/need that they need.
package soap
