// Deals TLS connections to port 443, which hyco-https writes into its addresses, to the ports of RELAY_PORT (a, or a,b) in turn:
// on two nodes listeners, senders and rendezvous land on either.
const tls = require('tls');
const connect = tls.connect;
const ports = (process.env.RELAY_PORT || '').split(',').filter(Boolean).map(Number);
let next = 0;
tls.connect = function (...args) {
  const [to, ...rest] = args;
  if (ports.length > 0 && to && typeof to === 'object' && Number(to.port) === 443) {
    return connect.call(this, { ...to, port: ports[next++ % ports.length] }, ...rest);
  }
  return connect.apply(this, args);
};
