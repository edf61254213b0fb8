package load

import (
	"bytes"
	"fmt"
	"time"
)

// soapType is the content type of SOAP 1.1.
const soapType = "text/xml; charset=utf-8"

// Lines of a request that is SOAP, and of the same body that nobody takes for it.
const (
	soapLines  = "Content-Type: " + soapType + "\r\nSOAPAction: \"urn:bench/Echo\"\r\n"
	plainLines = "Content-Type: application/octet-stream\r\nX-SOAPAction: \"urn:bench/Echo\"\r\n"
)

// envelope is a message of SOAP 1.1 of so many bytes in all.
func envelope(size int) []byte {
	const before = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Echo xmlns="urn:bench"><text>`
	const after = `</text></Echo></s:Body></s:Envelope>`
	text := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)
	b := append([]byte(before), text[:max(0, size-len(before)-len(after))]...)
	return append(b, after...)
}

// soapSlices are the parts of the time of a SOAP cell, in an order in which what warms up or grows worse hurts both kinds alike. They are
// many, since in each there is time for a few answers on every connection alone.
var soapSlices = []string{soapLines, plainLines, plainLines, soapLines, plainLines, soapLines, soapLines, plainLines}

// SOAP posts an envelope of size bytes, at most a block, and wants it back, on n connections at once; in turn as SOAP and as bytes that
// nobody takes for SOAP, on as many. The result is that of the calls, and aware, their rate beside the other's. The calls are accounted
// for ahead of that: to look at all accounts is work, which only one of the two would have beside it, and the first to come finds all cold.
func SOAP(web *Web, n, size int, dur time.Duration, w Window) (Result, error) {
	body := envelope(size)
	slice := func(lines string, w Window) (Result, error) {
		r, err := posts(n, func(int) *requester { return newRequesterOf(web, lines, body) }, dur, dur/10, w)
		if err != nil {
			return nil, fmt.Errorf("%.30s: %w", lines, err)
		}
		return r, nil
	}
	calls, err := slice(soapLines, w)
	if err != nil {
		return nil, err
	}
	rate := map[string]float64{}
	for _, lines := range soapSlices {
		r, err := slice(lines, func() func() { return func() {} })
		if err != nil {
			return nil, err
		}
		rate[lines] += r["rps"]
	}
	calls["aware"] = rate[soapLines] / rate[plainLines]
	return calls, nil
}
