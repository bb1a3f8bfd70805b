// What both servers check, and how they are ended and measured.

export const isRoom = name => typeof name === 'string' && /^[a-z0-9-]{1,64}$/.test(name);

const isText = (text, max) => typeof text === 'string' && text.length >= 1 && text.length <= max;

export const isSaid = said =>
  typeof said === 'object' && said !== null && isRoom(said.roomId) && isText(said.from, 40) && isText(said.text, 2000) &&
  Number.isInteger(said.sentAt) && said.sentAt >= 0;

/** Says that the server is ready, answers `memory`, and ends when the standard input does. */
export function serve(port) {
  console.log(`port ${port}`);
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', () => {
    globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    console.log(`memory ${rss} ${heapUsed + external}`);
  });
  process.stdin.on('end', () => process.exit());
}
