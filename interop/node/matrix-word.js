// matrix-word.js WORD: an unmodified hyco-ws sender. It sends the word, prints what comes back, closes, and ends with 0 when the word came
// back, with 1 and the reason otherwise.
const hc = require('hyco-ws');
const { RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE, RELAY_KEY } = process.env;
const word = process.argv[2];
const end = (code, text) => {
  console.log(text);
  process.exit(code);
};
setTimeout(() => end(1, 'nothing came back'), 20000);
const uri = `wss://${RELAY_HOST}:${RELAY_PORT}/$hc/${RELAY_PATH}?sb-hc-action=connect`;
const ws = hc.relayedConnect(uri, hc.createRelayToken(`http://${RELAY_HOST}/${RELAY_PATH}`, RELAY_RULE, RELAY_KEY), sock => {
  let back;
  sock.on('message', m => {
    back = String(m);
    sock.close(1000);
  });
  sock.on('close', code => end(back === word ? 0 : 1, `came back: ${back}, closed: ${code}`));
  sock.send(word);
});
ws.on('error', e => end(1, `error: ${e.message || e}`));
