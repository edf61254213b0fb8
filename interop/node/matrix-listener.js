// A listener by unmodified hyco-https that answers as the sender orders: X-Order is JSON with status, reason, headers, size.
// X-Seen of the answer is what the library showed of the request. RELAY_ID names the listener. RELAY_HANDLER=none is a listener
// without a handler, RELAY_HANDLER=fails one whose handler throws.
const hc = require('hyco-https');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY, RELAY_ID, RELAY_HANDLER } = process.env;
const answer = (req, res) => {
  let bytes = 0;
  req.on('data', d => { bytes += d.length; });
  req.on('end', () => {
    const order = JSON.parse(req.headers['x-order'] || '{}');
    res.statusCode = order.status || 200;
    res.statusMessage = order.reason || null;
    for (const [name, value] of Object.entries(order.headers || {})) res.setHeader(name, value);
    const at = req.url.indexOf('?');
    res.setHeader('X-Seen', JSON.stringify({
      method: req.method, query: at < 0 ? '' : req.url.slice(at + 1), bytes, custom: req.headers['x-customheader'] || '', id: RELAY_ID,
    }));
    res.end(order.body || 'y'.repeat(order.size || 0));
  });
};
const handlers = { none: undefined, fails: () => { throw new Error('a secret of the handler'); } };
const server = hc.createRelayedServer({
  server: `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=listen&sb-hc-id=${RELAY_ID}`,
  token: () => hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY),
}, RELAY_HANDLER ? handlers[RELAY_HANDLER] : answer);
server.on('error', e => console.log('listener error:', e.message || e));
server.on('listening', () => console.log('listening'));
server.listen();
process.stdin.on('end', () => process.exit()).resume(); // whoever started it has gone
