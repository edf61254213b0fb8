// npm's soap is the desk.
//
// Environment: DESK_WSDL (file), DESK_PORT, DESK_VERSION (1.1 or 1.2): this server always answers in one version. Prints READY.
// Facts: binary data is the base64 text; an element with xsi:nil comes as an object with that attribute or as null. A fault thrown
// as { Fault: {...} } is written in the form of its members.
'use strict';
const fs = require('fs');
const http = require('http');
const soap = require('soap');

const words = "z\u00fcrich \u4e2d\u6587 \u{1F600} <&>\"'\t.";
const v12 = process.env.DESK_VERSION === '1.2';
const pattern = (n) => Buffer.from(Array.from({ length: n }, (_, i) => (i * 7 + 3) & 255));
const text = (v) => (v === null || v === undefined ? '' : v.$value ?? v);
const nil = { attributes: { 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance', 'xsi:nil': true } };
const isNil = (v) => v === null;

function fault(kind) {
  const reason = `${kind} reason`;
  const detail = kind === 'typed' ? { 'd:Oops': { attributes: { 'xmlns:d': 'urn:example:desk' }, 'd:Code': 7, 'd:Detail': 'typed detail' } } : undefined;
  const sender = kind !== 'receiver';
  if (v12) {
    return { Fault: { Code: { Value: sender ? 'soap:Sender' : 'soap:Receiver' }, Reason: { Text: { attributes: { 'xml:lang': 'en' }, $value: reason } }, ...(detail && { Detail: detail }), statusCode: 500 } };
  }
  return { Fault: { faultcode: sender ? 'soap:Client' : 'soap:Server', faultstring: reason, ...(detail && { detail }), statusCode: 500 } };
}

const desk = {
  Echo: ({ text: t }) => ({ EchoResult: isNil(t) ? nil : text(t) }),
  Add: ({ a, b }) => ({ AddResult: a + b }),
  Submit({ order: o }) {
    const good = o.Id === 7 && new Date(o.When).getTime() === Date.parse('2024-02-29T13:14:15.678Z') && Number(o.Amount) === 12345.6789 && Number(o.Price) === 0.1 &&
      Number(o.Big) === -5000000000 && o.Paid === true && isNil(o.Note) && o.Data === 'AAEC/f7/' && o.Tags.Tag.join('|') === 'a|b<&>c|\u00e9' &&
      JSON.stringify(o.Item) === '[{"Sku":"s1","Qty":1},{"Sku":"s2","Qty":2}]';
    if (!good) throw fault('order ' + JSON.stringify(o));
    return { SubmitResult: { ...o, Id: 8, When: '2024-02-29T13:14:15.678Z', Day: '2024-02-29', Note: nil } };
  },
  Blob: ({ size }) => ({ BlobResult: pattern(size).toString('base64') }),
  Store: ({ data }) => ({ StoreResult: Buffer.from(text(data), 'base64').reduce((a, b) => a + b, 0) }),
  Fail({ kind }) {
    throw fault(kind);
  },
  Whoami: (_, callback, headers) => {
    const holds = text(headers?.Ticket) === 't-7';
    return { WhoamiResult: holds ? 'holder of t-7' : 'nobody' };
  },
  Notify: ({ text: t }) => {
    console.log(text(t) === words ? 'notified' : 'notified wrongly');
  },
};

const server = http.createServer((request, response) => {
  response.statusCode = 404;
  response.end();
});
server.listen(Number(process.env.DESK_PORT), '127.0.0.1', () => {
  const service = soap.listen(server, {
    path: '/', services: { DeskService: { Soap11: desk, Soap12: desk } }, xml: fs.readFileSync(process.env.DESK_WSDL, 'utf8'),
    handleNilAsNull: true, forceSoap12Headers: v12, oneWay: { responseCode: 202, emptyBody: true }, callback: () => console.log('READY'),
  });
  service.addSoapHeader((op) => (op === 'Whoami' ? '<d:Receipt xmlns:d="urn:example:desk">r-t-7</d:Receipt>' : ''));
});
