// A listener by unmodified hyco-https that asks a web server for each request: PORT of the gateway's https door, ENTITY, TARGET URL.
// The library comes by the lock file of interop/node.
const hc = require('../interop/node/node_modules/hyco-https');
const http = require('http');
const [port, entity, target] = process.argv.slice(2);
const [, rule, key] = /SharedAccessKeyName=([^;]*);SharedAccessKey=(.*)$/.exec(process.env.CAUSEWAY_CONNECTION_STRING);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const { hostname, port: targetPort } = new URL(target);
const server = hc.createRelayedServer({
  server: `wss://127.0.0.1:${port}/$hc/${entity}?sb-hc-action=listen`,
  token: () => hc.createRelayToken(`http://127.0.0.1/${entity}`, rule, key),
}, (req, res) => {
  const { 'content-type': type } = req.headers;
  const ask = http.request({ agent, hostname, port: targetPort, method: req.method, path: req.url, headers: type ? { 'Content-Type': type } : {} }, answer => {
    res.statusCode = answer.statusCode;
    if (answer.headers['content-type']) res.setHeader('Content-Type', answer.headers['content-type']);
    answer.on('data', d => res.write(d));
    answer.on('end', () => res.end());
  });
  ask.on('error', e => { res.statusCode = 502; res.end(e.message); });
  req.on('data', d => ask.write(d));
  req.on('end', () => ask.end());
});
server.on('error', e => console.log('listener error:', e.message || e));
server.on('listening', () => console.log('listening'));
server.listen();
