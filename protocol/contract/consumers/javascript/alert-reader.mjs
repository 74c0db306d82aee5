// Follows the alert topic and keeps who is over their limit. Reads from the beginning the first time, then from where
// its group was.
//
//   npm install kafkajs && node alert-reader.mjs localhost:9092 [topic [group]]

import kafkajs from 'kafkajs';

// How many ids are remembered: more than can be read again after a restart.
const SEEN_MAX = 100_000;

const [bootstrap, topic = 'alerts', groupId = 'alert-reader-javascript'] = process.argv.slice(2);
const seen = new Set();
const open = new Map();

function take(value) {
  // Fields that are not known here are left alone.
  const alert = JSON.parse(value);
  if (seen.has(alert.alertId)) {
    return;
  }
  seen.add(alert.alertId);
  if (seen.size > SEEN_MAX) {
    seen.delete(seen.values().next().value);
  }
  if (alert.type === 'RAISED') {
    open.set(alert.episodeId, alert);
    // Amounts are decimal strings: a Number would not hold them exactly.
    console.log(`RAISED  ${alert.userId} ${alert.excess} ${alert.currency} over, ${alert.episodeId}`);
  } else if (alert.type === 'CLEARED') {
    // A cause of a later version is only a word more: the episode has ended all the same.
    const before = open.delete(alert.episodeId) ? '' : ', raised before this reader began';
    console.log(`CLEARED ${alert.userId} ${alert.episodeId} by ${alert.cause}${before}`);
  } else {
    return;
  }
  console.log(`        open episodes: ${open.size}`);
}

const kafka = new kafkajs.Kafka({ clientId: groupId, brokers: bootstrap.split(','), logLevel: kafkajs.logLevel.ERROR });
// With readUncommitted, alerts would be shown whose transaction is taken back, and come a second time.
const consumer = kafka.consumer({ groupId, readUncommitted: false });
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => consumer.disconnect().then(() => process.exit(0)));
}
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
// The offset is committed after this function: what is read again after a crash is known by its id.
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    try {
      take(message.value.toString('utf8'));
    } catch (e) {
      console.error(`partition ${partition} offset ${message.offset}: ${e.message}`);
    }
  },
});
