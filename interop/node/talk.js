// What the senders of talk-listener.js have in common: connections by unmodified hyco-ws, payloads that differ by seed,
// and one exchange whose answer is checked byte for byte.
const crypto = require('crypto');
const hc = require('hyco-ws');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY } = process.env;

const token = () => hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY);
const uri = (suffix = '') => `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}${suffix}?sb-hc-action=connect`;
const sha256 = b => crypto.createHash('sha256').update(b).digest('hex');

// payload makes size bytes of noise, as a Buffer or as a string whose UTF-8 has that size.
function payload(text, size, seed) {
  const key = crypto.createHash('md5').update(String(seed)).digest();
  const noise = crypto.createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
  if (!text) return noise;
  const signs = ['a', 'é', '漢', '😀']; // 1 to 4 bytes each
  const out = [];
  for (let left = size, i = 0; left > 0; i++) {
    const n = Math.min(noise[i] & 3, left - 1);
    out.push(n ? signs[n] : String.fromCharCode(32 + (noise[i] >> 2)));
    left -= n + 1;
  }
  return out.join('');
}

// reader gives the messages of a socket one by one; it fails when the socket does.
function reader(ws) {
  const ready = [], waiting = [];
  let failed;
  const fail = e => { failed = e; waiting.splice(0).forEach(w => w.reject(e)); };
  ws.on('message', (m, flags) => {
    const got = { text: !flags.binary, bytes: Buffer.from(m) };
    waiting.length ? waiting.shift().resolve(got) : ready.push(got);
  });
  ws.on('close', (code, text) => fail(new Error(`closed ${code} ${text}`)));
  ws.on('error', e => fail(new Error(e.message || e)));
  return () => new Promise((resolve, reject) => {
    if (ready.length) return resolve(ready.shift());
    if (failed) return reject(failed);
    waiting.push({ resolve, reject });
  });
}

// connect opens a stream by the library's own function.
function connect() {
  return new Promise((resolve, reject) => {
    const ws = hc.relayedConnect(uri(), token(), () => resolve(ws));
    ws.next = reader(ws);
    ws.on('error', e => reject(new Error(e.message || e)));
  });
}

// exchange sends one payload and holds the listener's reading of it and the echo against what was sent.
async function exchange(ws, text, size, seed) {
  const sent = payload(text, size, seed), bytes = Buffer.from(sent);
  ws.send(sent, { binary: !text });
  const verdict = await ws.next(), echo = await ws.next();
  const want = JSON.stringify({ text, bytes: size, sha256: sha256(bytes) });
  if (String(verdict.bytes) !== want) throw new Error(`the listener got ${verdict.bytes}, sent was ${want}`);
  if (echo.text !== text || !echo.bytes.equals(bytes)) throw new Error(`${size} bytes of ${text ? 'text' : 'binary'} came back as ${echo.bytes.length}, text: ${echo.text}`);
}

// close ends a stream and expects the same code from the other side.
function close(ws, code, text) {
  return new Promise((resolve, reject) => {
    ws.on('close', got => got === code ? resolve() : reject(new Error(`closed with ${got} instead of ${code}`)));
    ws.close(code, text);
  });
}

// main runs a program to its exit code.
function main(program) {
  program().then(() => process.exit(0), e => { console.log('FAILED:', e.stack); process.exit(1); });
}

module.exports = { hc, token, uri, connect, exchange, close, main };
