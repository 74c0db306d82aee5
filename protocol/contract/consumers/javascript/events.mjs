// Follows alerts as server-sent events and goes on behind the last one after a break, on whichever node answers.
// Written from openapi.yaml alone; needs nothing but Node.
//
//   node events.mjs http://127.0.0.1:8080 [http://127.0.0.1:8081 …]

const nodes = process.argv.slice(2);
// A comment comes at least every 10 s: this much silence is a dead connection.
const SILENCE_MS = 30_000;

/** The events of a stream: lines up to an empty one, as the HTML standard has it; some have an id and no data. */
async function* eventsOf(response, onBytes) {
  let event = {};
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    onBytes();
    const lines = (rest + chunk).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        yield event;
        event = {};
      } else if (!line.startsWith(':')) {
        const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
        event[field] = field === 'data' && event.data !== undefined ? `${event.data}\n${value}` : value;
      }
    }
  }
}

function take({ event, data }) {
  if (event === 'alert') {
    const value = JSON.parse(data);
    console.log(`${value.type} ${value.userId} ${value.excess} ${value.currency} ${value.alertId}`);
  } else if (event === 'gap') {
    console.log(`GAP ${data}: ask /api/v1/alerts for what is missing`);
  }
}

let lastId;
for (let turn = 0; ; turn++) {
  const node = nodes[turn % nodes.length];
  const silence = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    alive();
    const response = await fetch(new URL('/api/v1/events?types=alert', node), {
      headers: { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) },
      signal: silence.signal,
    });
    if (!response.ok) {
      throw new Error(`${response.status} ${await response.text()}`);
    }
    console.error(`connected to ${node}` + (lastId ? ` behind ${lastId}` : ''));
    for await (const event of eventsOf(response, alive)) {
      if (event.data !== undefined) {
        take(event);
      }
      // Only once it is dealt with: what is asked for after a break is what comes behind it.
      lastId = event.id ?? lastId;
    }
  } catch (e) {
    console.error(`${node}: ${e.message}`);
  } finally {
    clearTimeout(timer);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
