// Ends of streams, sub-protocols and refusals, as a sender by unmodified hyco-ws sees them. Arguments:
//   close               both directions of the close handshake, with codes and texts
//   protocols LIST WANT offers LIST (comma-separated) and expects WANT to be chosen
//   hold                opens a stream and exchanges a message at once and at each line of stdin, to its end
//   knock               says what the handshake was answered: "open" or the library's error
const readline = require('readline');
const { hc, token, uri, connect, exchange, close, main } = require('./talk');
const [what, ...args] = process.argv.slice(2);

const ways = {
  async close() {
    const first = await connect();
    await exchange(first, true, 10, 1);
    await close(first, 4001, 'enough of this');
    const second = await connect();
    await exchange(second, false, 10, 2);
    const seen = new Promise(resolve => second.on('close', (code, text) => resolve(`${code} ${text}`)));
    second.send('!close 4002 no more, thank you');
    console.log('told', await seen);
  },
  protocols(list, want) {
    return new Promise((resolve, reject) => {
      const ws = new hc(uri('/deep/er'), list.split(','), { headers: { ServiceBusAuthorization: token() } });
      ws.on('error', e => reject(new Error(e.message || e)));
      ws.on('open', () => ws.protocol === want ? resolve(close(ws, 1000, 'done')) : reject(new Error(`chosen: ${ws.protocol}`)));
    });
  },
  async hold() {
    const ws = await connect();
    await exchange(ws, false, 1000, 0);
    console.log('held');
    let n = 0;
    for await (const _ of readline.createInterface({ input: process.stdin })) {
      await exchange(ws, false, 1000, ++n);
      console.log('held');
    }
    await close(ws, 1000, 'done');
  },
  async knock() {
    console.log(await connect().then(() => 'open', e => e.message));
  },
};

main(() => ways[what](...args));
