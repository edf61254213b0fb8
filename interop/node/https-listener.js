const hc = require('hyco-https');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY } = process.env;
const server = hc.createRelayedServer(
  { server: `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=listen`,
    token: () => hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY) },
  (req, res) => {
    const parts = [];
    req.on('data', d => parts.push(d));
    req.on('end', () => {
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, bytes: Buffer.concat(parts).length }));
    });
  });
server.on('error', e => console.error('listener error:', e.message));
server.on('listening', () => console.log('listening'));
server.listen();
