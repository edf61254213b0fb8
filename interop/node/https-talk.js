// A listener by unmodified hyco-https in a process that survives uncaught exceptions, as services often do: the library
// throws one at each accept message (Extensions is not defined) and would otherwise end the process.
// RELAY_TTL: seconds that its tokens live (3600).
const hc = require('hyco-https');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY, RELAY_TTL } = process.env;
process.on('uncaughtException', e => console.log('uncaught:', e.message));
const server = hc.createRelayedServer({
  server: `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=listen`,
  token: () => hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY, Number(RELAY_TTL) || 3600),
}, (req, res) => res.end(req.url));
server.on('error', e => console.log('listener error:', e.message || e));
server.on('listening', () => console.log('listening'));
server.listen();
process.stdin.on('end', () => process.exit()).resume(); // whoever started it has gone
