// How a user stands, and the page after page of their alerts. Written from openapi.yaml alone; needs nothing but Node.
//
//   node user.mjs http://127.0.0.1:8080 42

const [base, userId] = process.argv.slice(2);

async function ask(path) {
  const response = await fetch(new URL(path, base), {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(5_000),
  });
  if (response.ok) {
    return response.json();
  }
  // Errors are problems (RFC 9457); detail says what to do.
  const problem = await response.json().catch(() => ({ title: response.statusText }));
  throw new Error(`${response.status} ${problem.detail ?? problem.title}`);
}

async function* pages(path) {
  for (let cursor = null; ; ) {
    const page = await ask(path + '?limit=100' + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''));
    yield* page.items;
    cursor = page.next;
    if (cursor === null) {
      return;
    }
  }
}

try {
  const user = `/api/v1/users/${encodeURIComponent(userId)}`;
  const now = await ask(user);
  console.log(`${now.userId}: ${now.exposure} ${now.currency ?? ''} of ${now.balance ?? 'no account'}`
    + (now.openEpisode ? `, over since ${now.openEpisode.since}` : ''));
  for await (const alert of pages(user + '/alerts')) {
    console.log(`  ${alert.eventTime} ${alert.type} ${alert.excess} ${alert.currency}`);
  }
} catch (e) {
  console.error(e.message);
  process.exitCode = 1;
}
