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
// nobody takes for SOAP, on as many. The result is that of the calls, and aware, their rate beside the other's.
func SOAP(web *Web, n, size int, dur time.Duration, w Window) (Result, error) {
	body := envelope(size)
	rate := map[string][]float64{}
	var calls Result
	for i, lines := range soapSlices {
		window := Window(func() func() { return func() {} })
		if i == 0 {
			window = w
		}
		r, err := posts(n, func(int) *requester { return newRequesterOf(web, lines, body) }, dur, dur/10, window)
		if err != nil {
			return nil, fmt.Errorf("%.30s: %w", lines, err)
		}
		rate[lines] = append(rate[lines], r["rps"])
		if i == 0 {
			calls = r
		}
	}
	calls["rps"] = mean(rate[soapLines])
	calls["aware"] = calls["rps"] / mean(rate[plainLines])
	return calls, nil
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}
