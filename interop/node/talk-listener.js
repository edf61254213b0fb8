// A listener by unmodified hyco-ws that judges what it gets: it answers each message with a text, its own reading of the
// message (kind, bytes, SHA-256), and then with the message itself. "!close CODE TEXT" has it close.
// RELAY_TTL: seconds that its tokens live (3600). RELAY_PROTOCOL: the sub-protocol to choose when it is offered.
const crypto = require('crypto');
const hc = require('hyco-ws');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY, RELAY_TTL, RELAY_PROTOCOL } = process.env;

const options = {
  server: `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=listen`,
  token: () => hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY, Number(RELAY_TTL) || 3600),
};
if (RELAY_PROTOCOL) {
  options.handleProtocols = (offered, done) => done(true, offered.includes(RELAY_PROTOCOL) ? RELAY_PROTOCOL : undefined);
}

const server = hc.createRelayedServer(options, ws => {
  ws.on('open', () => console.log('open', ws.protocol || '-', new URL(ws.url).pathname));
  ws.on('message', (m, flags) => {
    const close = typeof m === 'string' && m.match(/^!close (\d+) (.*)$/);
    if (close) return ws.close(Number(close[1]), close[2]);
    const bytes = Buffer.from(m);
    ws.send(JSON.stringify({ text: !flags.binary, bytes: bytes.length, sha256: crypto.createHash('sha256').update(bytes).digest('hex') }));
    ws.send(m, { binary: !!flags.binary });
  });
  ws.on('close', (code, text) => console.log('closed', code, String(text)));
  ws.on('error', e => console.log('stream error:', e.message || e));
});
server.on('error', e => console.log('listener error:', e.message || e));
server.on('listening', () => console.log('listening'));
process.stdin.on('end', () => process.exit()).resume(); // whoever started it has gone
