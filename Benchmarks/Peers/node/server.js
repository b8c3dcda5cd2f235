// Node's server: server.js PORT|/PATH echo|line|sink|source|broadcast
const net = require('net');
const fs = require('fs');

const [place, mode] = process.argv.slice(2);
const PIECE = Buffer.alloc(65536);
const LINE_END = 10;
const everybody = new Set();

// Stops reading while the peer does not take what was written.
function echo(socket) {
  socket.on('data', (data) => {
    if (socket.write(data)) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  });
}

function line(socket) {
  let tail = null;
  socket.on('data', (data) => {
    if (tail) data = Buffer.concat([tail, data]);
    tail = null;
    let start = 0;
    let end;
    socket.cork();
    while ((end = data.indexOf(LINE_END, start)) >= 0) {
      socket.write(data.subarray(start, end + 1));
      start = end + 1;
    }
    socket.uncork();
    if (start < data.length) tail = data.subarray(start);
  });
}

function source(socket) {
  const pour = () => { while (!socket.destroyed && socket.write(PIECE)); };
  socket.on('drain', pour);
  socket.resume();
  pour();
}

function broadcast(socket) {
  everybody.add(socket);
  socket.on('close', () => everybody.delete(socket));
  socket.on('data', (data) => { for (const member of everybody) member.write(data); });
}

const sink = (socket) => socket.on('data', () => {});
const handle = { echo, line, sink, source, broadcast }[mode];
const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  handle(socket);
});
if (place[0] === '/') {
  fs.rmSync(place, { force: true });
  server.listen({ path: place, backlog: 4096 });
} else {
  server.listen({ port: Number(place), host: '127.0.0.1', backlog: 4096 });
}
