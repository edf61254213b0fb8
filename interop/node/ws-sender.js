const hc = require('hyco-ws');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY } = process.env;
const uri = `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=connect`;
const ws = hc.relayedConnect(uri, hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY),
  sock => { sock.on('message', m => { console.log('echo:', String(m)); sock.close(1000, 'done'); }); sock.send('ping ' + Date.now()); });
ws.on('error', e => console.error('sender error:', e.message));
