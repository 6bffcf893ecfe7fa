// What a page checks of an echo server; `check` gives the facts it saw.
const open = (url) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error("no connection"));
  });

const next = (socket) => new Promise((resolve) => (socket.onmessage = (event) => resolve(event.data)));
const end = (socket) => new Promise((resolve) => (socket.onclose = resolve));

const equal = (one, other) => {
  if (typeof one === "string" || typeof other === "string") return one === other;
  const [a, b] = [new Uint8Array(one), new Uint8Array(other)];
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
};

async function check(url) {
  const facts = [];
  const socket = await open(url);
  facts.push(`extension ${socket.extensions || "none"}`);
  const line = "one line after the other, all of them alike\n";
  const random = new Uint8Array(200000).map(() => Math.random() * 256);
  const messages = {
    empty: "",
    text: "Grüße, 你好",
    binary: Uint8Array.from({ length: 256 }, (_, index) => index),
    long: line.repeat(5000),
    again: line.repeat(5000),
    random,
  };
  for (const [name, message] of Object.entries(messages)) {
    const echo = next(socket);
    socket.send(message);
    facts.push(`${name} ${equal(await echo, message) ? "echoed" : "damaged"}`);
  }
  const ended = end(socket);
  socket.close(4001, "so long");
  const event = await ended;
  facts.push(`close ${event.code} ${event.wasClean ? "clean" : "unclean"}`);
  const second = await open(url);
  const closed = end(second);
  second.send("close 4002");
  const { code, reason, wasClean } = await closed;
  facts.push(`closed ${code} ${reason} ${wasClean ? "clean" : "unclean"}`);
  return facts;
}
