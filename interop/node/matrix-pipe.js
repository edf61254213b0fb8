// matrix-pipe.js LIBRARY RELAY,TARGET ...: listeners of many relays by one unmodified library. hyco-ws takes connections; TARGET is echo, or
// HOST:PORT that their bytes are passed to. hyco-https takes requests; TARGET is HOST:PORT/PATH of a web server that they are passed to, with
// the path in the place of the relay's name. Prints "RELAY listening".
const http = require('http');
const net = require('net');
const [library, ...relays] = process.argv.slice(2);
const hc = require(library);
const { RELAY_HOST, RELAY_PORT, RELAY_RULE, RELAY_KEY } = process.env;

function stream(to, ws) {
  ws.on('error', e => console.log('stream error:', e.message || e));
  if (to === 'echo') return ws.on('message', (m, flags) => ws.send(m, { binary: !!(flags && flags.binary) }));
  const [host, port] = to.split(':');
  const service = net.connect(Number(port), host);
  // The service may go on when the connection has ended: the library throws then.
  service.on('data', d => { if (ws.readyState === ws.OPEN) ws.send(d, { binary: true }, err => err && console.log('send error:', err.message)); });
  service.on('close', () => ws.close(1000));
  service.on('error', e => console.log('service error:', e.message));
  ws.on('message', m => service.write(Buffer.from(m)));
  ws.on('close', () => service.end());
}

// request passes one on, whole, and its answer.
function request(relay, to, req, res) {
  const [, host, port, prefix] = to.match(/^(.+):(\d+)(.*)$/);
  const { host: relayHost, ...headers } = req.headers;
  const parts = [];
  req.on('data', d => parts.push(d));
  req.on('end', () => {
    const body = Buffer.concat(parts);
    const pass = http.request({ host, port, method: req.method, path: req.url.replace('/' + relay, prefix), headers: { ...headers, 'content-length': body.length } }, answer => {
      const back = [];
      answer.on('data', d => back.push(d));
      answer.on('end', () => {
        res.statusCode = answer.statusCode;
        if (answer.headers['content-type']) res.setHeader('Content-Type', answer.headers['content-type']);
        res.end(Buffer.concat(back));
      });
    });
    pass.on('error', e => {
      console.log('request error:', e.message);
      res.statusCode = 502;
      res.end();
    });
    pass.end(body);
  });
}

for (const arg of relays) {
  const [relay, target] = arg.split(',');
  const options = {
    server: `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${relay}?sb-hc-action=listen`,
    token: () => hc.createRelayToken(`http://${RELAY_HOST}/${relay}`, RELAY_RULE, RELAY_KEY),
  };
  const server = hc.createRelayedServer(options, library === 'hyco-ws' ? ws => stream(target, ws) : (req, res) => request(relay, target, req, res));
  server.on('error', e => console.log('listener error:', e.message || e));
  server.on('listening', () => console.log(relay, 'listening'));
  if (library === 'hyco-https') server.listen();
}
process.stdin.on('end', () => process.exit()).resume(); // whoever started it has gone
