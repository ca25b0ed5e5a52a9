// A thousand mixed messages against an echo, and a Close: node node_peer.js ws|undici|builtin URL deflate|none [authority.pem]
const [kind, url, compression] = process.argv.slice(2);
const total = 1000;
const sizes = [0, 1, 20, 125, 126, 1000, 65535, 65536];

function message(n) {
  const size = n % 50 ? sizes[n * 7 % sizes.length] : 300000;
  return n % 2 ? Buffer.alloc(size, n % 251) : 'é'.repeat(size / 2);
}
const same = (got, n) => typeof got === 'string' ? got === message(n) : Buffer.from(got).equals(message(n));

function fail(why) { console.error(why); process.exit(1); }

let received = 0;
const finished = code => console.log(`${received} messages, closed ${code}`);

if (kind === 'ws') {
  const {WebSocket} = require('ws');
  const socket = new WebSocket(url, {perMessageDeflate: compression === 'deflate' ? {threshold: 0} : false});
  socket.on('error', fail);
  socket.on('upgrade', answer => {
    const agreed = (answer.headers['sec-websocket-extensions'] || '').startsWith('permessage-deflate');
    if (agreed !== (compression === 'deflate')) fail('compression: ' + agreed);
  });
  socket.on('open', () => {
    for (let n = 0; n < total; ++n) {
      if (n % 10 === 3) {  // in fragments, with a ping between them
        const whole = Buffer.from(message(n));
        socket.send(whole.subarray(0, 1000), {fin: false, binary: true});
        socket.ping('p');
        socket.send(whole.subarray(1000), {fin: true, binary: true});
      } else {
        socket.send(message(n));
      }
    }
  });
  socket.on('message', (data, binary) => {
    if (!same(binary ? data : data.toString(), received)) fail('message ' + received);
    if (++received === total) socket.close(1000);
  });
  socket.on('close', finished);
} else {
  const Socket = kind === 'builtin' ? WebSocket : require('undici').WebSocket;
  const socket = new Socket(url);
  socket.binaryType = 'arraybuffer';
  socket.onerror = event => fail(event.message || event.error || 'error');
  socket.onopen = () => { for (let n = 0; n < total; ++n) socket.send(message(n)); };
  socket.onmessage = event => {
    if (!same(event.data, received)) fail('message ' + received);
    if (++received === total) socket.close(1000);
  };
  socket.onclose = event => finished(event.code);
}
