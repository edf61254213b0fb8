// cast-listener.js KIND COUNT: listeners of a one-way or event relay, by unmodified SDKs. ws: hyco-ws gets messages on a connection; https:
// hyco-https gets them as requests, for which its address says sb-hc-cast=request. Each message is a line "got N SHA1", with the number that
// the message has in its text behind it: "message 7", "post 7".
const [kind, count] = [process.argv[2], Number(process.argv[3])];
const hc = require(kind === 'ws' ? 'hyco-ws' : 'hyco-https');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY } = process.env;
const sha1 = data => require('crypto').createHash('sha1').update(data).digest('hex');
const token = () => hc.createRelayToken(`http://${RELAY_HOST}`, RELAY_RULE, RELAY_KEY);
const address = `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=listen`;
let up = 0;
for (let i = 0; i < count; i++) {
  const got = data => console.log('got', i, sha1(data), (/\b(message|post) \d+/.exec(data) || [''])[0]);
  const server = kind === 'ws'
    ? hc.createRelayedServer({ server: address, token }, ws => ws.on('message', got))
    : hc.createRelayedServer({ server: address + '&sb-hc-cast=request', token }, (req, res) => {
        const parts = [];
        req.on('data', d => parts.push(d));
        req.on('end', () => { got(Buffer.concat(parts)); res.statusCode = 204; res.end(); });
      });
  server.on('error', e => console.error('listener error:', e.message));
  server.on('listening', () => { if (++up === count) console.log('all listening'); });
  if (kind === 'https') server.listen();
}
