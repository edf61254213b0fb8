// npm's soap makes messages of services: its client calls its server, and what went over the wire either way is kept.
//
//   node node_messages.js FOLDER
//
// FOLDER has jobs.json and the values of zeep_messages.py as JSON. A line "CASE NAME: what is wrong" tells each thing that is.
// Facts: the client sends what it is told by the order of the object and the description; an array is a repeated element.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const soap = require('soap');

const folder = process.argv[2];
const jobs = JSON.parse(fs.readFileSync(path.join(folder, 'jobs.json')));
const patience = 20000; // of one call

const valuesOf = (job) => {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'seeds', job.case, `${job.name}.json`)));
  } catch (e) {
    return undefined; // zeep could not make it
  }
};
const keep = (job, text) => fs.writeFileSync(path.join(folder, 'samples', job.case, `${job.name}.node.xml`), text);
const tell = (job, e) => console.log(`${job.case} ${job.name}.node: not made: ${String((e && e.message) || e).split('\n')[0]}`);

// broken ends the exchange that runs: the server throws where nobody can catch it when it answers a request that it cannot read.
let broken = () => {};
process.on('uncaughtException', (e) => broken(e));

// exchange calls one operation of one description; either job may be missing.
async function exchange(server, input, output) {
  const job = input || output;
  const request = (input && valuesOf(input)) || {};
  const response = (output && valuesOf(output)) || {};
  const client = await soap.createClientAsync(job.wsdl, { disableCache: true, forceSoap12Headers: job.version === '1.2' });
  const service = { [job.service]: { [job.port]: { [job.op]: () => response } } };
  const at = `/${encodeURIComponent(job.case)}/${encodeURIComponent(job.op)}`;
  const listening = await new Promise((resolve, reject) => {
    const s = soap.listen(server, {
      path: at, services: service, xml: fs.readFileSync(job.wsdl, 'utf8'), uri: job.wsdl, forceSoap12Headers: job.version === '1.2',
      callback: (err) => (err ? reject(err) : setImmediate(() => resolve(s))),
    });
  });
  // the server finds the binding by the path of the port's address, which is that of the description: it is made ours
  for (const s of Object.values(listening.wsdl.definitions.services)) {
    for (const [name, p] of Object.entries(s.ports)) p.location = `http://localhost${name === job.port ? at : '/other'}`;
  }
  client.setEndpoint(`http://127.0.0.1:${server.address().port}${at}`);
  const raw = await new Promise((resolve, reject) => {
    broken = reject;
    client[job.service][job.port][job.op](request, (err, result, body) => (err && !body ? reject(err) : resolve({ err, body })), { timeout: patience });
  });
  if (input && valuesOf(input)) keep(input, client.lastRequest);
  if (output && valuesOf(output)) {
    if (typeof raw.body !== 'string' || /<(\w+:)?Fault>/.test(raw.body)) throw raw.err || new Error(String(raw.body).slice(0, 200));
    keep(output, raw.body);
  }
}

async function main() {
  const server = http.createServer((req, res) => { res.statusCode = 404; res.end(); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const pairs = new Map();
  for (const job of jobs) {
    const key = [job.case, job.port, job.op].join(' ');
    pairs.set(key, { ...pairs.get(key), [job.way]: job });
  }
  for (const { input, output } of pairs.values()) {
    try {
      await exchange(server, input, output);
    } catch (e) {
      for (const job of [input, output]) if (job && !fs.existsSync(path.join(folder, 'samples', job.case, `${job.name}.node.xml`))) tell(job, e);
    }
  }
  server.close();
  process.exit(0); // connections that the client keeps would hold the process
}

main().catch((e) => { console.log(e); process.exit(1); });
