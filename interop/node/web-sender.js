// A plain HTTP sender by Node's fetch: bodies of many sizes to an echo, by length and as a stream, byte for byte.
const base = process.argv[2];
async function exchange(method, body, streamed) {
  const init = { method, headers: { 'X-Test': 'node' }, body };
  if (streamed) {
    init.body = new Blob([body]).stream();
    init.duplex = 'half';
  }
  const res = await fetch(base + '/echo', init);
  const back = Buffer.from(await res.arrayBuffer());
  if (res.status !== 200 || !back.equals(body)) throw new Error(`${method} ${body.length}: ${res.status}, ${back.length} bytes`);
  if (res.headers.get('X-Method') !== `${method} node`) throw new Error(`the handler saw ${res.headers.get('X-Method')}`);
  if (res.headers.getSetCookie().join() !== 'a=1,b=2') throw new Error(`cookies ${res.headers.getSetCookie()}`);
}
(async () => {
  let done = 0;
  for (const size of [1, 65535, 65536, 65537, 1 << 20]) {
    const body = require('crypto').randomBytes(size);
    for (const method of ['POST', 'PUT']) {
      await exchange(method, body, false);
      await exchange(method, body, true);
      done += 2;
    }
  }
  console.log('exchanges done', done);
})().catch(e => { console.log('error:', e.message, e.cause || ''); process.exit(1); });
