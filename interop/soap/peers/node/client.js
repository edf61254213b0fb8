// npm's soap calls the desk.
//
// Environment: DESK_WSDL (file or address), DESK_VERSION (1.1 or 1.2), DESK_MTOM (any value). Prints "ok STEP" for each step; exit
// code 1 at the first that is not.
// Facts: what the WSDL says of types is used to write, and to read only strings and numbers; nil reads as null. Numbers beyond 53 bits
// and decimals must be strings. It sends MTOM with forceMTOM, but puts only what was added as an attachment into a part.
'use strict';
const soap = require('soap');

const words = "z\u00fcrich \u4e2d\u6587 \u{1F600} <&>\"'\t.";
const pattern = (n) => Buffer.from(Array.from({ length: n }, (_, i) => (i * 7 + 3) & 255));

function step(name, good, got) {
  console.log(`${good ? 'ok' : 'FAIL'} ${name}${good ? '' : ' ' + JSON.stringify(got)}`);
  if (!good) process.exit(1);
}

async function main() {
  const v12 = process.env.DESK_VERSION === '1.2';
  const desk = await soap.createClientAsync(process.env.DESK_WSDL, {
    forceSoap12Headers: v12, forceMTOM: !!process.env.DESK_MTOM, parseReponseAttachments: !!process.env.DESK_MTOM,
    handleNilAsNull: true,
  });
  const port = desk.DeskService[v12 ? 'Soap12' : 'Soap11'];
  const call = (op, args, options) =>
    new Promise((resolve, reject) => port[op](args, (err, result, raw, header) => (err ? reject(err) : resolve({ result, header, raw })), options));

  step('echo words', (await call('Echo', { text: words })).result.EchoResult === words);
  step('echo empty', (await call('Echo', { text: '' })).result.EchoResult === '');
  step('echo nil', (await call('Echo', { text: { attributes: { 'xsi:nil': true } } })).result.EchoResult === null);
  step('add', (await call('Add', { a: 2, b: -44 })).result.AddResult === -42);

  const data = Buffer.from([0, 1, 2, 253, 254, 255]).toString('base64');
  const order = {
    Id: 7, When: '2024-02-29T13:14:15.678Z', Day: '2024-02-29', Amount: '12345.6789', Price: 0.1, Big: '-5000000000', Paid: true,
    Note: { attributes: { 'xsi:nil': true } }, Data: data, Tags: { Tag: ['a', 'b<&>c', '\u00e9'] }, Item: [{ Sku: 's1', Qty: 1 }, { Sku: 's2', Qty: 2 }],
  };
  const back = (await call('Submit', { order })).result.SubmitResult;
  step('submit Id', back.Id === 8, back);
  step('submit When', new Date(back.When).getTime() === Date.parse(order.When), back.When);
  step('submit Day', new Date(back.Day).toISOString().startsWith('2024-02-29'), back.Day);
  step('submit Amount', Number(back.Amount) === 12345.6789, back.Amount);
  step('submit Price', Number(back.Price) === 0.1, back.Price);
  step('submit Big', Number(back.Big) === -5000000000, back.Big);
  step('submit Paid', back.Paid === true, back.Paid);
  step('submit Note', back.Note === null, back.Note);
  step('submit Data', back.Data === data, back.Data);
  step('submit Tags', back.Tags.Tag.join('|') === order.Tags.Tag.join('|'), back.Tags);
  step('submit Item', JSON.stringify(back.Item) === JSON.stringify(order.Item), back.Item);

  for (const size of [0, 5, 2000]) {
    const { result } = await call('Blob', { size });
    if (process.env.DESK_MTOM && size === 2000) {
      const parts = desk.lastResponseAttachments.parts;
      step('blob part', parts.length === 1 && Buffer.from(parts[0].body).equals(pattern(size)), parts);
    } else {
      step(`blob ${size}`, (result.BlobResult || '') === pattern(size).toString('base64'), result);
    }
    step(`store ${size}`, (await call('Store', { data: pattern(size).toString('base64') })).result.StoreResult === pattern(size).reduce((a, b) => a + b, 0));
  }
  if (process.env.DESK_MTOM) {
    const body = pattern(2000);
    const include = { 'xop:Include': { attributes: { 'xmlns:xop': 'http://www.w3.org/2004/08/xop/include', href: 'cid:pattern' } } };
    const sum = await call('Store', { data: include }, { attachments: [{ mimetype: 'application/octet-stream', contentId: 'pattern', name: 'pattern', body }] });
    step('store part', sum.result.StoreResult === body.reduce((a, b) => a + b, 0), sum.result);
  }

  desk.addSoapHeader('<d:Ticket xmlns:d="urn:example:desk">t-7</d:Ticket>');
  const who = await call('Whoami', {});
  step('whoami', who.result.WhoamiResult === 'holder of t-7' && who.header?.Receipt === 'r-t-7', [who.result, who.header]);

  for (const [kind, code11, code12] of [['sender', 'Client', 'Sender'], ['receiver', 'Server', 'Receiver'], ['typed', 'Client', 'Sender']]) {
    const err = await call('Fail', { kind }).then(() => undefined, (e) => e);
    const fault = err?.root?.Envelope?.Body?.Fault;
    const [code, reason, detail] = v12 ? [fault?.Code?.Value, fault?.Reason?.Text, fault?.Detail] : [fault?.faultcode, fault?.faultstring, fault?.detail];
    const text = reason?.$value ?? reason;
    step(`fault ${kind}`, String(code).split(':').pop() === (v12 ? code12 : code11) && text === `${kind} reason`, fault ?? String(err));
    if (kind === 'typed') step('fault detail', Number(detail?.Oops?.Code) === 7 && detail?.Oops?.Detail === 'typed detail', detail);
  }

  await call('Notify', { text: words });
  step('notify', true);

  desk.clearSoapHeaders();
  desk.addSoapHeader('<d:Ticket xmlns:d="urn:example:desk">t-7</d:Ticket>');
  for (const passwordType of ['PasswordText', 'PasswordDigest']) {
    desk.setSecurity(new soap.WSSecurity('alice', 'secret', { passwordType, hasTimeStamp: true, mustUnderstand: true }));
    step(`user ${passwordType}`, (await call('Whoami', {})).result.WhoamiResult === 'user alice');
  }
  console.log('done');
}

main().catch((err) => {
  console.log('FAIL', err.message);
  process.exit(1);
});
