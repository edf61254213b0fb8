const hc = require('hyco-ws');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY } = process.env;
const server = hc.createRelayedServer(
  { server: `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=listen`,
    token: () => hc.createRelayToken(`http://${RELAY_HOST}`, RELAY_RULE, RELAY_KEY) },
  ws => { ws.on('message', m => ws.send(m)); ws.on('close', (c, r) => console.log('closed', c, String(r))); });
server.on('error', e => console.error('listener error:', e.message));
server.on('listening', () => console.log('listening'));
