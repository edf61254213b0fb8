// Many senders, many sizes. Arguments: sequential N | concurrent N | sizes BYTES...
const { connect, exchange, close, main } = require('./talk');
const [what, ...numbers] = process.argv.slice(2);

// size of sender number i: the edges of the frame format first, then spread up to 64 KiB.
const edges = [0, 1, 125, 126, 127, 65535, 65536];
const sizeOf = i => edges[i] ?? (i * 7919) % 65537;

const ways = {
  async sequential(n) {
    for (let i = 0; i < n; i++) {
      const ws = await connect();
      await exchange(ws, i % 2 === 1, sizeOf(i), i);
      await close(ws, 1000, 'done');
    }
  },
  async concurrent(n) {
    const all = await Promise.all(Array.from({ length: n }, connect));
    console.log(`${all.length} open`); // all at once, before the first has said anything
    await Promise.all(all.map((ws, i) => exchange(ws, i % 2 === 1, sizeOf(i), i)));
    await Promise.all(all.map(ws => close(ws, 1000, 'done')));
  },
  async sizes(...sizes) {
    const ws = await connect();
    for (const size of sizes) {
      await exchange(ws, false, size, size);
      await exchange(ws, true, size, size);
    }
    await close(ws, 1000, 'done');
  },
};

main(async () => {
  const began = Date.now();
  await ways[what](...numbers.map(Number));
  console.log(`all exact in ${Date.now() - began} ms`);
});
