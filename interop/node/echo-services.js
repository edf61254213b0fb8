// Two plain services that know nothing of relays. One of TCP sends back what comes, and ends its side when its client has ended. A web server
// says hello to requests, and sends back the messages of WebSockets. Prints "tcp PORT web PORT".
const tcp = require('net').createServer(c => c.on('error', () => {}).pipe(c));
const web = require('http').createServer((req, res) => res.end('hello\n'));
const sockets = new (require('ws').Server)({ server: web }); // what hyco-https brings with it
sockets.on('connection', ws => ws.on('message', m => ws.send(m)));
tcp.listen(0, '127.0.0.1', () => web.listen(0, '127.0.0.1', () => console.log('tcp', tcp.address().port, 'web', web.address().port)));
process.stdin.on('end', () => process.exit()).resume(); // whoever started it has gone
